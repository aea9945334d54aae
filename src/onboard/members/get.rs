//! Reading one member.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{MembershipId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, etag, if_none_match},
};

use super::{Member, rows};

/// One member of the organisation acted for
#[utoipa::path(get, path = "/api/v1/members/{id}", operation_id = "getMember", tag = "organisation",
    security(("bearer" = ["members:read"])), params(("id" = MembershipId, Path, description = "the membership")),
    responses((status = 200, description = "the member", body = Member, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(super) async fn get_member(
    State(app): State<App>,
    may: May<right::MemberRead>,
    PathId(id): PathId<entity::Membership>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let member = rows::get(&mut conn, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let tag = [(header::ETAG, etag(member.version))];
    if if_none_match(&headers, member.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(member)).into_response())
}
