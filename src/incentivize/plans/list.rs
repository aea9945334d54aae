use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use uuid::Uuid;

use super::Plan;
use super::rows::{self, Reader};

/// List plans
///
/// A vendor lists its own; a partner those that have been published by its vendors for its programs, without those that
/// are for other partners alone.
#[utoipa::path(get, path = "/api/v1/incentives/plans", operation_id = "listPlans", tag = "incentive plans",
    security(("bearer" = ["plans:read"])), params(PageQuery),
    responses((status = 200, description = "one page of plans", body = Page<Plan>)))]
pub(super) async fn list_plans(
    State(app): State<App>,
    May { org, .. }: May<right::PlanRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("plans {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let reader = match org.kind {
        OrgKind::Vendor => Reader::Vendor(org.id),
        OrgKind::Partner => Reader::Partner(org.id),
    };
    let today = app.clock.now().date_naive();
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::read(&mut conn, reader, None, today, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
