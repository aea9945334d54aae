//! Outbound webhooks: an organisation's events, sent to addresses that it names, by the Standard Webhooks
//! specification 1.0.0 (<https://www.standardwebhooks.com>).
//!
//! An event becomes one message for each endpoint that hears it, in the transaction in which the consumer passes it; a
//! message is sent until the receiver has taken it or three days have gone by. Delivery is at least once, with the event's
//! id as `webhook-id`; messages of one endpoint set out in the order of their events as long as all goes well, and no
//! order is promised.

mod access;
mod change;
mod consumer;
mod create;
mod delete;
mod deliver;
mod events;
mod get;
mod heard;
mod letters;
mod list;
mod list_attempts;
mod list_kinds;
mod list_messages;
mod payload;
mod queue;
mod recover;
mod redeliver;
mod rotate;
mod rows;
mod schedule;
mod secrets;
mod send;
mod test;
mod upkeep;
mod worker;

use chrono::{DateTime, Utc};
use guildhall_kernel::{EventId, UserId, WebhookEndpointId, WebhookMessageId};
use guildhall_spine::{App, event::EventDoc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use consumer::WebhookConsumer;
pub(crate) use secrets::WebhookSecrets;
pub(crate) use worker::Deliveries;

/// What the feature announces.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_kinds::list_webhook_event_kinds))
        .routes(routes!(list::list_webhook_endpoints, create::create_webhook_endpoint))
        .routes(routes!(
            get::get_webhook_endpoint,
            change::change_webhook_endpoint,
            delete::delete_webhook_endpoint
        ))
        .routes(routes!(rotate::rotate_webhook_secret))
        .routes(routes!(test::test_webhook_endpoint))
        .routes(routes!(list_messages::list_webhook_messages))
        .routes(routes!(recover::recover_webhook_messages))
        .routes(routes!(list_attempts::list_webhook_attempts))
        .routes(routes!(redeliver::redeliver_webhook_message))
}

/// Where an organisation hears of its events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookEndpoint {
    /// Its id.
    pub(crate) id: WebhookEndpointId,
    /// Where messages are sent.
    #[schema(example = "https://hooks.northwind.example/guildhall")]
    pub(crate) url: String,
    /// What it is for.
    #[schema(example = "CRM sync")]
    pub(crate) description: Option<String>,
    /// The kinds of events that it hears.
    #[schema(example = json!(["deal.approved", "deal.won"]))]
    pub(crate) kinds: Vec<String>,
    /// The topics of which it hears everything.
    #[schema(example = json!(["partnerships"]))]
    pub(crate) topics: Vec<String>,
    /// Whether messages are sent. While it is off, new events are not kept for it.
    pub(crate) enabled: bool,
    /// Why it is off: `member` for somebody's wish, `gone` when it answered 410, `failing` when nothing could be
    /// delivered for three days.
    #[schema(example = "failing")]
    pub(crate) off_because: Option<String>,
    /// Who made it; `null` when the person is no more.
    pub(crate) created_by: Option<UserId>,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

/// An endpoint with a new secret.
#[derive(Serialize, ToSchema)]
pub(crate) struct WebhookEndpointWithSecret {
    /// The endpoint.
    pub(crate) endpoint: WebhookEndpoint,
    /// What the receiver verifies messages with. It is shown this once and can't be had again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwRmVzZgYjbnA=")]
    pub(crate) secret: String,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = WebhookOutcome)]
pub(crate) enum Outcome {
    /// It will be tried, for the first time or again.
    Waiting,
    /// The receiver has taken it.
    Delivered,
    /// It was given up.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// A message of an endpoint's log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookMessage {
    /// Its id.
    pub(crate) id: WebhookMessageId,
    /// The endpoint.
    pub(crate) endpoint_id: WebhookEndpointId,
    /// The event: `webhook-id` of every attempt.
    pub(crate) event_id: EventId,
    /// The event's kind.
    #[schema(example = "deal.approved")]
    pub(crate) kind: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// When it is tried next; absent once it is over. What waits for an endpoint that is off waits for it.
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    #[schema(example = 1)]
    pub(crate) attempts: i32,
    /// The status of the last answer.
    #[schema(example = 503)]
    pub(crate) last_status: Option<i16>,
    /// What went wrong last: `status`, `redirect`, `gone`, `timed_out`, `unreachable`, `private_address`, `refused_address`
    /// or `broken`.
    #[schema(example = "status")]
    pub(crate) last_error: Option<String>,
    /// When it was queued.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was delivered or given up.
    pub(crate) finished_at: Option<DateTime<Utc>>,
}
