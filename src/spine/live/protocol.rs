//! The messages on a live socket: one JSON object in each text frame. The AsyncAPI document is generated from these
//! types.

use std::fmt;

use chrono::{DateTime, Utc};
use guildhall_kernel::EventId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Channel;
use crate::event::{Position, Topic};

/// Longest name a client may give a subscription, in characters.
pub const LONGEST_ID: usize = 64;
/// Longest nonce of a ping, in characters.
pub const LONGEST_NONCE: usize = 64;

/// The client's name for one of its subscriptions, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct SubscriptionId(#[schemars(length(min = 1, max = 64))] Box<str>);

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for SubscriptionId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        if (1..=LONGEST_ID).contains(&id.chars().count()) {
            Ok(Self(id.into_boxed_str()))
        } else {
            Err("a subscription id has 1 to 64 characters")
        }
    }
}

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientFrame {
    /// Asks for events from now on, or from `since` on.
    Subscribe(Subscribe),
    /// Ends a subscription.
    Unsubscribe(Unsubscribe),
    /// Replaces the access token before it expires, so that the socket stays.
    Authenticate(Authenticate),
    /// Asks for a pong, for clients that can't send WebSocket pings.
    Ping(Ping),
}

/// Asks for events. Answered by `subscribed`, then by events; or by an `error` with this id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscribe {
    /// The client's name for the subscription; new on this socket.
    pub id: SubscriptionId,
    /// Whose events.
    pub channel: Channel,
    /// Only these topics; all that the actor may hear when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32))]
    pub topics: Option<Vec<Topic>>,
    /// The position of the last event the client has: it gets everything after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Position>,
}

/// Ends a subscription. Answered by `unsubscribed`; no event is sent for it after that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unsubscribe {
    /// The subscription.
    pub id: SubscriptionId,
}

/// Replaces the access token. Answered by `authenticated`; or by an `error`, and the old token keeps its time.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Authenticate {
    /// A fresh access token of the same user, acting for the same organisation.
    pub token: String,
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticate")
    }
}

/// Asks for a `pong`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    /// Comes back in the pong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub nonce: Option<String>,
}

/// What the server sends.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame<'a> {
    /// The first frame.
    Hello(Hello),
    /// A subscription began.
    Subscribed(Subscribed),
    /// Something happened.
    Event(EventFrame<'a>),
    /// A subscription ended at the client's wish.
    Unsubscribed(Unsubscribe),
    /// A fresh access token was taken.
    Authenticated(Authenticated),
    /// The answer to `ping`.
    Pong(Ping),
    /// The actor may no longer hear or see something.
    Revoked(Revoked),
    /// A frame was refused.
    Error(Refused),
}

/// What the client needs to know of its socket.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Hello {
    /// Names the socket in the server's log.
    pub connection_id: String,
    /// Seconds between the server's pings. A socket on which nothing came for twice as long is dead.
    pub heartbeat_seconds: u64,
    /// Longest message that the server takes, in bytes.
    pub max_frame_bytes: usize,
    /// How far this node has come in the event log.
    pub position: Position,
    /// When the access token expires and the socket is closed with 4001; `authenticate` moves it. Without it the
    /// socket stays.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A subscription began: events follow.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Subscribed {
    /// The subscription.
    pub id: SubscriptionId,
    /// Whether everything after `since` follows. Otherwise the client fetches what it shows afresh.
    pub recovered: bool,
    /// Why `since` could not be kept to; absent when it was, and when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Unrecovered>,
    /// Every event after it follows.
    pub position: Position,
}

/// Why a client can't go on from where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unrecovered {
    /// Events after that position are no longer kept.
    Expired,
    /// More happened since than is replayed.
    TooMany,
    /// The log doesn't reach to that position: it is another server's, or from before a restore.
    UnknownPosition,
}

/// Something happened. One frame for all who hear it.
#[derive(Clone, Debug, Serialize, JsonSchema, utoipa::ToSchema)]
pub struct EventFrame<'a> {
    /// Its place in the log; the client keeps the last one for `since`.
    pub position: Position,
    /// The event's id: the same event always has the same.
    #[schemars(with = "String")]
    #[schema(value_type = String)]
    pub id: EventId,
    /// Its kind, like `deal.approved`; it decides the shape of `data`.
    pub kind: &'a str,
    /// Its topic.
    pub topic: Topic,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The id of what it happened to.
    pub subject: String,
    /// What happened; its shape depends on `kind`.
    #[schemars(with = "serde_json::Value")]
    #[schema(value_type = Object)]
    pub data: &'a RawValue,
}

/// A fresh access token was taken.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Authenticated {
    /// When it expires.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The actor lost access. What the client holds of it is to be forgotten.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Revoked {
    /// What was lost.
    pub what: Lost,
    /// Why, as a stable code.
    pub reason: &'static str,
}

/// What access was lost to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// Everything; the socket closes with 4003.
    Session,
    /// Topics that the actor's role no longer includes.
    Topics(Vec<Topic>),
}

/// A frame was refused and changed nothing. The socket stays, but not for more than 20 of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Refused {
    /// The subscription id in the frame, if it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong, as a stable code.
    pub code: &'static str,
    /// What is wrong and what to do.
    pub detail: String,
    /// JSON pointer to the member that is wrong (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}
