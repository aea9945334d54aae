//! Sets of topics.

use crate::access::Permissions;
use crate::event::Topic;

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicSet(u32);

impl TopicSet {
    /// Every topic, those of later versions included.
    pub const ALL: Self = Self(u32::MAX);

    /// The topics of an organisation that these permissions let its member hear.
    #[must_use]
    pub fn permitted(permissions: Permissions) -> Self {
        let heard = |topic: &Topic| topic.permission().is_some_and(|needed| permissions.contains(needed));
        Topic::ALL.iter().copied().filter(heard).collect()
    }

    /// Whether the sets have a topic in common.
    #[must_use]
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The topics of this set that `other` lacks.
    #[must_use]
    pub fn without(self, other: Self) -> Vec<Topic> {
        let lost = Self(self.0 & !other.0);
        Topic::ALL
            .iter()
            .copied()
            .filter(|topic| lost.meets((*topic).into()))
            .collect()
    }

    /// The topics in it.
    #[must_use]
    pub fn topics(self) -> Vec<Topic> {
        self.without(Self::default())
    }
}

impl From<Topic> for TopicSet {
    fn from(topic: Topic) -> Self {
        let place = Topic::ALL
            .iter()
            .position(|one| *one == topic)
            .and_then(|place| u32::try_from(place).ok());
        Self(place.and_then(|place| 1_u32.checked_shl(place)).unwrap_or(0))
    }
}

impl FromIterator<Topic> for TopicSet {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Self {
        topics
            .into_iter()
            .fold(Self::default(), |set, topic| Self(set.0 | Self::from(topic).0))
    }
}
