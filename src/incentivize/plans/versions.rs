use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::Version;
use super::access::VisiblePlan;
use super::rows;

/// List the versions of a plan
///
/// In their order. A partner sees those that were published, without those that are for other partners alone.
#[utoipa::path(get, path = "/api/v1/incentives/plans/{id}/versions", operation_id = "listPlanVersions", tag = "incentive plans",
    security(("bearer" = ["plans:read"])),
    params(("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of versions", body = Page<Version>)))]
pub(super) async fn list_plan_versions(
    State(app): State<App>,
    VisiblePlan { plan, partner }: VisiblePlan,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("plan versions {} {partner:?}", plan.id);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let after = paging.after.unwrap_or(0);
    let rows = rows::versions(&mut conn, plan.id, partner, after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, |row| row))
}
