use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use guildhall_kernel::{AmendmentId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, PathId, Problem, ValidQuery, etag},
};

use super::rows::{self, ShownAmendment};
use crate::deals::access::SeenDeal;

/// List the amendments of a deal
///
/// The newest first, with what became of them.
#[utoipa::path(get, path = "/api/v1/deals/{id}/amendments", operation_id = "listDealAmendments", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of amendments", body = Page<ShownAmendment>)))]
pub(super) async fn list_deal_amendments(
    State(app): State<App>,
    deal: SeenDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal amendments {} {}", deal.org, deal.id);
    let paging = Paging::<AmendmentId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let which = (Some(deal.id), None);
    let rows = rows::read(app.db.pool(), deal.org, which, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, ShownAmendment::from))
}

/// Read an amendment
///
/// Either side of its deal may.
#[utoipa::path(get, path = "/api/v1/deal-amendments/{id}", operation_id = "getDealAmendment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the amendment", example = "amd_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the amendment", body = ShownAmendment, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn get_deal_amendment(
    State(app): State<App>,
    May { org, .. }: May<right::DealRead>,
    PathId(id): PathId<entity::Amendment>,
) -> Result<impl IntoResponse, Problem> {
    let shown = ShownAmendment::from(rows::find(app.db.pool(), id, org.id).await?);
    let headers = [
        (header::ETAG, etag(shown.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, Json(shown)))
}
