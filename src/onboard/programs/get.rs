//! Reading one program.

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

use super::{ProgramRecord, rows};

/// One program
#[utoipa::path(get, path = "/api/v1/programs/{id}", operation_id = "getProgram", tag = "programs",
    security(("bearer" = ["programs:read"])),
    params(("id" = ProgramId, Path, description = "the program")),
    responses((status = 200, description = "the program", body = ProgramRecord, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(super) async fn get_program(
    State(app): State<App>,
    may: May<right::ProgramRead>,
    PathId(id): PathId<entity::Program>,
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
