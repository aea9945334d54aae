use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use guildhall_kernel::{DealDraftId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, PathId, Problem, ValidQuery, etag},
};

use super::rows::{self, DraftSummary, ShownDraft};

/// List drafts
///
/// The partner's own, the newest first; those that were submitted name their deal.
#[utoipa::path(get, path = "/api/v1/deal-drafts", operation_id = "listDealDrafts", tag = "deals",
    security(("bearer" = ["deals:submit"])), params(PageQuery),
    responses((status = 200, description = "one page of drafts", body = Page<DraftSummary>)))]
pub(super) async fn list_deal_drafts(
    State(app): State<App>,
    May { org, .. }: May<right::DealSubmit>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal drafts {}", org.id);
    let paging = Paging::<DealDraftId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rows::read(app.db.pool(), org.id, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, DraftSummary::from))
}

/// Read a draft
///
/// With what it lacks to be submitted.
#[utoipa::path(get, path = "/api/v1/deal-drafts/{id}", operation_id = "getDealDraft", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = String, Path, description = "the draft", example = "draft_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the draft", body = ShownDraft, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn get_deal_draft(
    State(app): State<App>,
    May { org, .. }: May<right::DealSubmit>,
    PathId(id): PathId<entity::DealDraft>,
) -> Result<impl IntoResponse, Problem> {
    let mut tx = app.db.begin().await?;
    let found = rows::read(&mut *tx, org.id, Some(id), None, 1).await?;
    let draft = found.into_iter().next().ok_or_else(Problem::not_found)?;
    let version = draft.version;
    let shown = draft.shown(&mut tx, org.id).await?;
    let headers = [
        (header::ETAG, etag(version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, Json(shown)))
}
