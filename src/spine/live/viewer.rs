//! Who holds a socket, and what the rest of the server tells the live layer about them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{LiveEvent, TopicSet, protocol::Unrecovered};
use crate::{access::Permissions, event::Position};

/// Who holds a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer {
    /// Whose sockets are counted together: the user, or the API key.
    pub owner: Uuid,
    /// The user, who hears what is for their eyes; an API key has none.
    pub user: Option<Uuid>,
    /// The organisation acted for.
    pub organisation: Option<Uuid>,
    /// The session that the access token belongs to.
    pub session: Option<Uuid>,
    /// The organisation's topics that the role includes.
    pub topics: TopicSet,
    /// What the role includes.
    pub permissions: Permissions,
    /// When the access token expires; never for an API key.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Viewer {
    /// Whether `other` is the same actor, perhaps with another token or role.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.owner, self.user, self.organisation) == (other.owner, other.user, other.organisation)
    }
}

/// Why something was refused to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// A stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
}

/// Decides who someone is and what they may watch.
#[async_trait]
pub trait Gate: Send + Sync {
    /// Whom an access token stands for.
    ///
    /// # Errors
    /// [`Denied`] for one that isn't valid.
    async fn authenticate(&self, token: &str) -> Result<Viewer, Denied>;

    /// What `viewer`'s access amounts to at `now`, asked of the database; nothing when it has ended.
    ///
    /// # Errors
    /// [`Denied`] when that can't be known right now.
    async fn renew(&self, viewer: &Viewer, now: DateTime<Utc>) -> Result<Option<Viewer>, Denied>;

    /// The thing that a client names as `kind:id`, when `viewer` may see it.
    ///
    /// # Errors
    /// [`Denied`], the same for a thing that isn't there and one that `viewer` may not see.
    async fn subject(&self, viewer: &Viewer, kind: &str, id: &str) -> Result<Uuid, Denied>;
}

/// What a page of the log is read for.
#[derive(Clone, Copy, Debug)]
pub struct Interest<'a> {
    /// Whose log is read.
    pub viewer: &'a Viewer,
    /// Which of the viewer's audiences, the organisation and the user, matter.
    pub audiences: &'a [Uuid],
}

/// An event that was read from the log, ready to be sent.
#[derive(Clone, Debug)]
pub struct PastEvent {
    /// Its place.
    pub position: Position,
    /// Who hears of it.
    pub audiences: Vec<Uuid>,
    /// Its topic.
    pub topics: TopicSet,
    /// What it happened to.
    pub subject: Option<Uuid>,
    /// The encoded event.
    pub frame: super::Frame,
}

impl PastEvent {
    /// The same, as the hub would publish it.
    #[must_use]
    pub fn as_live(&self) -> LiveEvent<'_> {
        LiveEvent {
            position: self.position,
            audiences: &self.audiences,
            topics: self.topics,
            subject: self.subject,
            frame: &self.frame,
        }
    }
}

/// The log could not be read; the reader has logged why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event log could not be read")]
pub struct Unreadable;

/// The past, for sockets that resume. Every event that the hub has begun is there for it to read.
#[async_trait]
pub trait History: Send + Sync {
    /// Whether what `interest` missed after `since` can be replayed, and if it can't, why.
    ///
    /// # Errors
    /// When the log can't be read.
    async fn gap(&self, interest: Interest<'_>, since: Position) -> Result<Option<Unrecovered>, Unreadable>;

    /// The first `limit` events after `after`, up to `until`, in order, that `interest` covers. Fewer than `limit` mean
    /// that there are no more.
    ///
    /// # Errors
    /// When the log can't be read.
    async fn page(
        &self,
        interest: Interest<'_>,
        after: Position,
        until: Option<Position>,
        limit: usize,
    ) -> Result<Vec<PastEvent>, Unreadable>;
}
