use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use uuid::Uuid;

use super::{Recalculation, read};

/// List runs that computed earnings anew
///
/// Newest first.
#[utoipa::path(get, path = "/api/v1/incentives/recalculations", operation_id = "listRecalculations", tag = "earnings",
    security(("bearer" = ["plans:manage"])), params(PageQuery),
    responses((status = 200, description = "one page of runs", body = Page<Recalculation>)))]
pub(super) async fn list_recalculations(
    State(app): State<App>,
    May { org, .. }: May<right::PlanManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("recalculations {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let rows = read(&mut conn, org.id, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
