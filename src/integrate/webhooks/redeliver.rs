//! Sending one message again.

use guildhall_kernel::WebhookMessageId;
use guildhall_spine::{
    event,
    http::{Checks, Command, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Outcome, WebhookMessage, access::OwnMessage, events::MessageRedelivered, queue, rows};

/// Nothing more to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookRedelivery {}

impl Validate for WebhookRedelivery {
    fn validate(&self, _: &mut Checks) {}
}

/// Send a webhook message again
///
/// One that was delivered or given up. It has the same `webhook-id`, and all its tries before it.
#[utoipa::path(post, path = "/api/v1/webhook-messages/{id}/redeliver", operation_id = "redeliverWebhookMessage", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookMessageId, Path, description = "the message"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = WebhookRedelivery, example = json!({})),
    responses((status = 200, description = "the message, waiting", body = WebhookMessage)))]
pub(super) async fn redeliver_webhook_message(
    OwnMessage { may, message }: OwnMessage,
    mut command: Command<WebhookRedelivery>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let endpoint = message.endpoint_id;
    rows::lock(tx, may.org.id, endpoint)
        .await?
        .ok_or_else(Problem::not_found)?;
    let now = rows::message(tx, may.org.id, message.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if now.outcome == Outcome::Waiting {
        return Err(Problem::new(code::ILLEGAL_MOVE, "It waits to be sent as it is."));
    }
    rows::requeue(tx, message.id).await?;
    queue::pend(tx, &[endpoint.uuid()]).await?;
    let redelivered = MessageRedelivered {
        webhook_message_id: message.id,
        webhook_endpoint_id: endpoint,
        event_id: message.event_id,
    };
    event::append(tx, &may.actor.origin(), message.id, &[may.org.id.uuid()], &redelivered).await?;
    let now = rows::message(tx, may.org.id, message.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    command.commit(Reply::ok(&now)?).await
}
