//! Listing endpoints.

use axum::extract::State;
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{WebhookEndpoint, rows};

/// The webhook endpoints of the organisation acted for
///
/// In the order they were made.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints", operation_id = "listWebhookEndpoints", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])), params(PageQuery),
    responses((status = 200, description = "a page of endpoints", body = Page<WebhookEndpoint>)))]
pub(super) async fn list_webhook_endpoints(
    State(app): State<App>,
    may: May<right::WebhookManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<WebhookEndpoint>, Problem> {
    let scope = format!("webhook-endpoints {}", may.org.id);
    let paging = Paging::<WebhookEndpointId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let found = rows::list(&mut conn, may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, found, |one| one.id, |one| one))
}
