//! Deleting an endpoint.

use axum::extract::State;
use axum::http::StatusCode;
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::{App, event, http::Problem};

use super::{
    access::OwnEndpoint,
    events::{EndpointDeleted, EndpointFacts},
    rows,
};

/// Delete a webhook endpoint
///
/// What waits for it is never sent, and its log is gone.
#[utoipa::path(delete, path = "/api/v1/webhook-endpoints/{id}", operation_id = "deleteWebhookEndpoint", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])), params(("id" = WebhookEndpointId, Path, description = "the endpoint")),
    responses((status = 204, description = "deleted")))]
pub(super) async fn delete_webhook_endpoint(
    State(app): State<App>,
    OwnEndpoint { may, endpoint }: OwnEndpoint,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let found = rows::lock(&mut tx, may.org.id, endpoint.id).await?;
    let endpoint = found.ok_or_else(Problem::not_found)?;
    rows::delete(&mut tx, endpoint.id).await?;
    let deleted = EndpointDeleted(EndpointFacts::new(may.org.id, &endpoint));
    let audience = [may.org.id.uuid()];
    event::append(&mut tx, &may.actor.origin(), endpoint.id, &audience, &deleted).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
