//! Listing API keys.

use axum::extract::State;
use guildhall_kernel::ApiKeyId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{ApiKey, rows};

/// The API keys of the organisation acted for, newest first
///
/// Revoked and expired ones too.
#[utoipa::path(get, path = "/api/v1/api-keys", operation_id = "listApiKeys", tag = "organisation",
    security(("bearer" = ["api_keys:manage"])), params(PageQuery),
    responses((status = 200, description = "a page of keys", body = Page<ApiKey>)))]
pub(super) async fn list_api_keys(
    State(app): State<App>,
    may: May<right::ApiKeyManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<ApiKey>, Problem> {
    may.actor.require_user()?;
    let scope = format!("api-keys {}", may.org.id);
    let paging = Paging::<ApiKeyId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let keys = rows::list(&mut conn, may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, keys, |key| key.id, |key| key))
}
