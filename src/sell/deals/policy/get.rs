use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{ProgramId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, etag, if_none_match},
};

use super::{DealPolicy, rows};

/// Read a program's terms
///
/// The vendor reads all, a partner that stands in the program all but the approval rules. A program that has none of
/// its own has the defaults, at version 0.
#[utoipa::path(get, path = "/api/v1/deal-policies/{id}", operation_id = "getDealPolicy", tag = "deal policies",
    security(("bearer" = ["programs:read"])),
    params(("id" = ProgramId, Path, description = "the program")),
    responses((status = 200, description = "the terms", body = DealPolicy, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(in crate::deals) async fn get_deal_policy(
    State(app): State<App>,
    may: May<right::ProgramRead>,
    PathId(id): PathId<entity::Program>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let policy = rows::get(&mut conn, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let tag = [(header::ETAG, etag(policy.version))];
    if if_none_match(&headers, policy.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(policy)).into_response())
}
