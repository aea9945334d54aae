use axum::{Json, extract::State, http::header, response::IntoResponse};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, etag},
};

use super::facts::{self, DealStages};

/// Read a deal's way through the pipeline
///
/// The stage that it is in, what has to be done to move on, and where it has been.
#[utoipa::path(get, path = "/api/v1/deals/{id}/stages", operation_id = "getDealStages", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "its stages", body = DealStages, headers(("ETag" = String, description = "the deal's version")))))]
pub(in crate::pipeline) async fn get_deal_stages(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    PathId(id): PathId<entity::Deal>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let stages = facts::read(&mut conn, id, org.id).await?;
    Ok(([(header::ETAG, etag(stages.version))], Json(stages)))
}
