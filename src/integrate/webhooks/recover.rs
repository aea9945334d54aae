//! Sending again what was given up.

use chrono::{DateTime, Utc};
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::{
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{access::OwnEndpoint, events::MessagesRecovered, queue, rows};

/// Messages that one request makes due again.
const MOST: u16 = 10_000;

/// Which messages to send again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookRecovery {
    /// Those that were given up since then.
    #[schema(example = "2026-11-20T00:00:00Z")]
    since: DateTime<Utc>,
}

impl Validate for WebhookRecovery {
    fn validate(&self, _: &mut Checks) {}
}

/// How much is sent again.
#[derive(Serialize, ToSchema)]
pub(super) struct WebhookRecovered {
    /// Messages that wait again.
    #[schema(example = 42)]
    queued: u64,
    /// Whether there may be more: repeat the request.
    more: bool,
}

/// Send again what a webhook endpoint missed
///
/// Every message that was given up since a time, 10 000 at most with one request, the oldest first.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/recover", operation_id = "recoverWebhookMessages", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookEndpointId, Path, description = "the endpoint"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = WebhookRecovery, example = json!({"since": "2026-11-20T00:00:00Z"})),
    responses((status = 200, description = "queued", body = WebhookRecovered)))]
pub(super) async fn recover_webhook_messages(
    OwnEndpoint { may, endpoint }: OwnEndpoint,
    mut command: Command<WebhookRecovery>,
) -> Result<Reply, Problem> {
    let since = command.body.since;
    let tx = &mut command.tx;
    rows::lock(tx, may.org.id, endpoint.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let queued = rows::requeue_failed(tx, endpoint.id, since, i64::from(MOST)).await?;
    if queued > 0 {
        queue::pend(tx, &[endpoint.id.uuid()]).await?;
        let recovered = MessagesRecovered {
            webhook_endpoint_id: endpoint.id,
            count: queued,
        };
        event::append(tx, &may.actor.origin(), endpoint.id, &[may.org.id.uuid()], &recovered).await?;
    }
    let more = queued == u64::from(MOST);
    command.commit(Reply::ok(&WebhookRecovered { queued, more })?).await
}
