use axum::{Json, extract::State};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::{Recalculation, read};

/// Get a run that computes earnings anew
///
/// With how far it has come.
#[utoipa::path(get, path = "/api/v1/incentives/recalculations/{id}", operation_id = "getRecalculation", tag = "earnings",
    security(("bearer" = ["plans:manage"])),
    params(("id" = String, Path, description = "the run", example = "recalc_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the run", body = Recalculation)))]
pub(super) async fn get_recalculation(
    State(app): State<App>,
    May { org, .. }: May<right::PlanManage>,
    PathId(id): PathId<entity::Recalculation>,
) -> Result<Json<Recalculation>, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let run = read(&mut conn, org.id, Some(id), None, 1).await?.pop();
    run.map(Json).ok_or_else(Problem::not_found)
}
