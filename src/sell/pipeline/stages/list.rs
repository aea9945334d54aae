use axum::{Json, extract::State, response::IntoResponse};
use guildhall_kernel::ProgramId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Problem, ValidQuery},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Stage, rows};
use crate::pipeline::program;

/// Which program.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct StageQuery {
    /// The program. A vendor may leave it out for its first one.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
}

/// All stages of a program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineStages)]
pub(in crate::pipeline) struct Stages {
    /// In their order; retired ones follow.
    items: Vec<Stage>,
}

/// List the stages of a program
///
/// In their order, retired ones last. A partner names the program that it is in.
#[utoipa::path(get, path = "/api/v1/pipeline/stages", operation_id = "listStages", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(StageQuery),
    responses((status = 200, description = "the stages", body = Stages),
        (status = 404, description = "`not_found`: no such program", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(in crate::pipeline) async fn list_stages(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<StageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let program = program::visible(&mut conn, org, query.program_id).await?;
    let items = rows::of_program(&mut *conn, program.vendor, program.id).await?;
    Ok(Json(Stages { items }))
}
