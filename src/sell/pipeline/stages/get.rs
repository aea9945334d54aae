use axum::{Json, extract::State, http::header, response::IntoResponse};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, etag},
};

use super::{Stage, rows};

/// Read one stage
///
/// For the vendor; its partners read the stages of a program together.
#[utoipa::path(get, path = "/api/v1/stages/{id}", operation_id = "getStage", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])),
    params(("id" = String, Path, description = "the stage", example = "stg_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the stage", body = Stage, headers(("ETag" = String, description = "its version")))))]
pub(in crate::pipeline) async fn get_stage(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    PathId(id): PathId<entity::Stage>,
) -> Result<impl IntoResponse, Problem> {
    let stage = rows::find(app.db.pool(), org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    Ok(([(header::ETAG, etag(stage.version))], Json(stage)))
}
