//! The log of an endpoint.

use axum::extract::State;
use guildhall_kernel::{WebhookEndpointId, WebhookMessageId};
use guildhall_spine::{
    App,
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Outcome, WebhookMessage, access::OwnEndpoint, rows};

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageQuery {
    /// Only messages of which this became.
    outcome: Option<Outcome>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The messages of a webhook endpoint
///
/// The newest first; they are kept for 30 days.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}/messages", operation_id = "listWebhookMessages", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookEndpointId, Path, description = "the endpoint"), MessageQuery),
    responses((status = 200, description = "a page of messages", body = Page<WebhookMessage>)))]
pub(super) async fn list_webhook_messages(
    State(app): State<App>,
    OwnEndpoint { endpoint, .. }: OwnEndpoint,
    ValidQuery(query): ValidQuery<MessageQuery>,
) -> Result<Page<WebhookMessage>, Problem> {
    let scope = format!("webhook-messages {} {:?}", endpoint.id, query.outcome);
    let paging = Paging::<WebhookMessageId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let found = rows::messages(&mut conn, endpoint.id, query.outcome, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, found, |one| one.id, |one| one))
}
