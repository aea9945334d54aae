//! What the feature announces, to the organisation. Addresses are left out: some hold a token.

use guildhall_kernel::{EventId, OrgId, WebhookEndpointId, WebhookMessageId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::WebhookEndpoint;

/// An endpoint right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(super) struct EndpointFacts {
    /// The endpoint.
    webhook_endpoint_id: WebhookEndpointId,
    /// Whose it is.
    organisation_id: OrgId,
    /// What it is for.
    description: Option<String>,
    /// The kinds of events that it hears.
    kinds: Vec<String>,
    /// The topics of which it hears everything.
    topics: Vec<String>,
    /// Whether messages are sent.
    enabled: bool,
    /// Its version.
    version: i64,
}

impl EndpointFacts {
    pub(super) fn new(org: OrgId, endpoint: &WebhookEndpoint) -> Self {
        Self {
            webhook_endpoint_id: endpoint.id,
            organisation_id: org,
            description: endpoint.description.clone(),
            kinds: endpoint.kinds.clone(),
            topics: endpoint.topics.clone(),
            enabled: endpoint.enabled,
            version: endpoint.version,
        }
    }
}

macro_rules! endpoint_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Serialize, JsonSchema)]
            pub(super) struct $name(pub(super) EndpointFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Webhooks;
            }
        )*

        /// What the feature announces, for the documentation.
        pub(super) const EVENTS: &[EventDoc] = &[
            $(EventDoc::of::<$name>(),)*
            EventDoc::of::<EndpointDisabled>(),
            EventDoc::of::<EndpointTested>(),
            EventDoc::of::<MessagesRecovered>(),
            EventDoc::of::<MessageRedelivered>(),
        ];
    };
}

endpoint_events! {
    /// An endpoint was made.
    EndpointCreated = "webhook_endpoint.created";
    /// An endpoint was changed.
    EndpointChanged = "webhook_endpoint.changed";
    /// An endpoint is no more.
    EndpointDeleted = "webhook_endpoint.deleted";
    /// An endpoint has got a new secret.
    SecretRotated = "webhook_endpoint.secret_rotated";
}

/// An endpoint was switched off because it could not be delivered to.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EndpointDisabled {
    /// The endpoint.
    pub(super) webhook_endpoint_id: WebhookEndpointId,
    /// Whose it is.
    pub(super) organisation_id: OrgId,
    /// `gone`: it answered 410. `failing`: nothing could be delivered for three days.
    pub(super) reason: &'static str,
}

impl Event for EndpointDisabled {
    const KIND: &'static str = "webhook_endpoint.disabled";
    const TOPIC: Topic = Topic::Webhooks;
}

/// Somebody had a test message sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct EndpointTested {
    /// The endpoint.
    pub(super) webhook_endpoint_id: WebhookEndpointId,
    /// The message.
    pub(super) webhook_message_id: WebhookMessageId,
}

impl Event for EndpointTested {
    const KIND: &'static str = "webhook_endpoint.tested";
    const TOPIC: Topic = Topic::Webhooks;
}

/// Somebody had everything sent again that was given up.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MessagesRecovered {
    /// The endpoint.
    pub(super) webhook_endpoint_id: WebhookEndpointId,
    /// How many messages.
    pub(super) count: u64,
}

impl Event for MessagesRecovered {
    const KIND: &'static str = "webhook_endpoint.recovered";
    const TOPIC: Topic = Topic::Webhooks;
}

/// Somebody had a message sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MessageRedelivered {
    /// The message.
    pub(super) webhook_message_id: WebhookMessageId,
    /// The endpoint.
    pub(super) webhook_endpoint_id: WebhookEndpointId,
    /// The event that it tells of.
    pub(super) event_id: EventId,
}

impl Event for MessageRedelivered {
    const KIND: &'static str = "webhook_message.redelivered";
    const TOPIC: Topic = Topic::Webhooks;
}
