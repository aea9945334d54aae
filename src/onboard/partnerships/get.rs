//! Reading one partnership.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{PartnershipId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, etag, if_none_match},
};

use super::{PartnershipRecord, rows};

/// One partnership
#[utoipa::path(get, path = "/api/v1/partnerships/{id}", operation_id = "getPartnership", tag = "partnerships",
    security(("bearer" = ["partnerships:read"])),
    params(("id" = PartnershipId, Path, description = "the partnership")),
    responses((status = 200, description = "the partnership", body = PartnershipRecord, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(super) async fn get_partnership(
    State(app): State<App>,
    may: May<right::PartnershipRead>,
    PathId(id): PathId<entity::Partnership>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let record = rows::get(&mut conn, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let tag = [(header::ETAG, etag(record.version))];
    if if_none_match(&headers, record.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(record)).into_response())
}
