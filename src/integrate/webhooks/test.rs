//! A message to try an endpoint with.

use guildhall_kernel::{EventId, WebhookEndpointId};
use guildhall_spine::{
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use serde_json::value::to_raw_value;
use utoipa::ToSchema;

use super::{
    WebhookMessage,
    access::OwnEndpoint,
    events::EndpointTested,
    payload,
    queue::{self, New},
    rows,
};

const KIND: &str = "webhook.test";

/// Nothing more to say.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookTest {}

impl Validate for WebhookTest {
    fn validate(&self, _: &mut Checks) {}
}

/// Send a test message to a webhook endpoint
///
/// Its type is `webhook.test`. It goes the way of all messages and shows up in the log; for an endpoint that is off, it
/// waits.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/test", operation_id = "testWebhookEndpoint", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookEndpointId, Path, description = "the endpoint"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = WebhookTest, example = json!({})),
    responses((status = 200, description = "the message, waiting", body = WebhookMessage)))]
pub(super) async fn test_webhook_endpoint(
    OwnEndpoint { may, endpoint }: OwnEndpoint,
    mut command: Command<WebhookTest>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    rows::lock(tx, may.org.id, endpoint.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let event_id: EventId = tx.new_id();
    let data = to_raw_value(&serde_json::json!({"webhook_endpoint_id": endpoint.id})).map_err(Problem::internal)?;
    let body = payload::body(KIND, tx.now(), &endpoint.id.to_string(), &data).map_err(Problem::internal)?;
    let new = New {
        endpoint: endpoint.id,
        event_id,
        kind: KIND.to_owned(),
        body,
    };
    let queued = queue::add(tx, &[new]).await?;
    let id = *queued.first().ok_or_else(|| Problem::internal("no message"))?;
    let tested = EndpointTested {
        webhook_endpoint_id: endpoint.id,
        webhook_message_id: id,
    };
    event::append(tx, &may.actor.origin(), endpoint.id, &[may.org.id.uuid()], &tested).await?;
    let message = rows::message(tx, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    command.commit(Reply::ok(&message)?).await
}
