//! What endpoints can be asked to hear.

use axum::Json;
use guildhall_spine::{
    access::{May, right},
    event::Topic,
    http::Problem,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::heard;

/// A kind of event.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEventKind {
    /// Its name, the message's `type`.
    #[schema(example = "deal.approved")]
    kind: &'static str,
    /// Its topic.
    topic: Topic,
}

/// The kinds of events.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookEventKinds {
    /// By name.
    items: Vec<WebhookEventKind>,
}

/// The kinds of events that a webhook endpoint can hear
///
/// Those that the organisation acted for may know of. The shape of each one's `data` is in the AsyncAPI document.
#[utoipa::path(get, path = "/api/v1/webhook-event-kinds", operation_id = "listWebhookEventKinds", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    responses((status = 200, description = "the kinds", body = WebhookEventKinds)))]
pub(super) async fn list_webhook_event_kinds(
    may: May<right::WebhookManage>,
) -> Result<Json<WebhookEventKinds>, Problem> {
    let items = heard::kinds(may.org.kind).into_iter().map(|event| WebhookEventKind {
        kind: event.kind,
        topic: event.topic,
    });
    Ok(Json(WebhookEventKinds { items: items.collect() }))
}
