//! Reading the organisation acted for.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{OrgId, entity};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{PathId, Problem, etag, if_none_match},
};

use super::{Organisation, access::Operator, rows};

/// The organisation acted for
#[utoipa::path(get, path = "/api/v1/organisation", operation_id = "getOrganisation", tag = "organisation",
    security(("bearer" = ["organisation:read"])),
    responses((status = 200, description = "the record", body = Organisation, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(super) async fn get_organisation(
    State(app): State<App>,
    may: May<right::OrgRead>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let organisation = rows::get(&mut conn, may.org.id).await?.ok_or_else(Problem::not_found)?;
    Ok(answer(&headers, organisation))
}

/// One vendor
///
/// For platform operators.
#[utoipa::path(get, path = "/api/v1/vendors/{id}", operation_id = "getVendor", tag = "organisation",
    security(("bearer" = [])), params(("id" = OrgId, Path, description = "the vendor")),
    responses((status = 200, description = "the record", body = Organisation, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(super) async fn get_vendor(
    State(app): State<App>,
    _: Operator,
    PathId(id): PathId<entity::Org>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let vendor = rows::get(&mut conn, id)
        .await?
        .filter(|organisation| organisation.kind == OrgKind::Vendor);
    Ok(answer(&headers, vendor.ok_or_else(Problem::not_found)?))
}

fn answer(headers: &HeaderMap, organisation: Organisation) -> Response {
    let tag = [(header::ETAG, etag(organisation.version))];
    if if_none_match(headers, organisation.version) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, Json(organisation)).into_response()
}
