//! Sets of topics.

use crate::access::{Permission, Permissions};
use crate::event::Topic;

/// Events that take more than their topic does, by the beginning of their kind: they are heard by members who may do
/// what stands beside them.
struct Reserved {
    kinds: &'static str,
    topic: Topic,
    needed: Permission,
}

const RESERVED: &[Reserved] = &[Reserved {
    kinds: "api_key.",
    topic: Topic::Organisation,
    needed: Permission::ApiKeyManage,
}];

/// What hearing events of this kind takes, when it is more than their topic does.
#[must_use]
pub fn reserved(kind: &str) -> Option<Permission> {
    RESERVED
        .iter()
        .find(|reserved| kind.starts_with(reserved.kinds))
        .map(|reserved| reserved.needed)
}

/// A set of topics. What is reserved in one is a member of its own, with its bit counted from the highest down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicSet(u32);

impl TopicSet {
    /// Every topic, those of later versions included.
    pub const ALL: Self = Self(u32::MAX);

    /// The topics of an organisation that these permissions let its member hear.
    #[must_use]
    pub fn permitted(permissions: Permissions) -> Self {
        let heard = |topic: &Topic| topic.permission().is_some_and(|needed| permissions.contains(needed));
        let topics = Topic::ALL.iter().copied().filter(heard).collect();
        Self::with_reserved(topics, |reserved| permissions.contains(reserved.needed))
    }

    /// What a subscription to these topics selects, all that is reserved in them included.
    #[must_use]
    pub fn selected(topics: &[Topic]) -> Self {
        let selected = topics.iter().copied().collect();
        Self::with_reserved(selected, |reserved| topics.contains(&reserved.topic))
    }

    /// What an event is: of its topic, or of what is reserved in it.
    #[must_use]
    pub fn of_event(kind: &str, topic: Topic) -> Self {
        let place = RESERVED.iter().position(|reserved| kind.starts_with(reserved.kinds));
        place.map_or_else(|| topic.into(), Self::reserved_at)
    }

    fn with_reserved(topics: Self, holds: impl Fn(&Reserved) -> bool) -> Self {
        let places = RESERVED.iter().enumerate().filter(|(_, reserved)| holds(reserved));
        places.fold(topics, |set, (place, _)| Self(set.0 | Self::reserved_at(place).0))
    }

    fn reserved_at(place: usize) -> Self {
        Self(u32::try_from(place).map_or(0, |place| (1_u32 << 31).checked_shr(place).unwrap_or(0)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_heard_by_those_alone_who_may_and_selected_with_its_topic() {
        let key = TopicSet::of_event("api_key.created", Topic::Organisation);
        let member = TopicSet::of_event("membership.changed", Topic::Organisation);
        let reader: Permissions = [Permission::MemberRead, Permission::DealRead].into_iter().collect();
        let manager: Permissions = [Permission::MemberRead, Permission::ApiKeyManage].into_iter().collect();
        let (reader, manager) = (TopicSet::permitted(reader), TopicSet::permitted(manager));
        assert!(!reader.meets(key) && reader.meets(member));
        assert!(manager.meets(key) && manager.meets(member));
        assert!(TopicSet::selected(&[Topic::Organisation]).meets(key));
        assert!(!TopicSet::selected(&[Topic::Deals]).meets(key));
        assert!(manager.without(reader).is_empty(), "no topic by name");
    }
}
