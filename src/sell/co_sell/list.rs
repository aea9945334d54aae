use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::rows;
use super::stage::Stage;
use super::view::{CoSell, CoSellStatus};

/// Which shared opportunities.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CoSellQuery {
    /// Only those in which the organisation acted for is at this stage.
    #[param(inline)]
    stage: Option<Stage>,
    /// Only those of this status.
    status: Option<CoSellStatus>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List shared opportunities
///
/// Those that the organisation acted for has a part in, invitations included, the newest first.
#[utoipa::path(get, path = "/api/v1/co-sells", operation_id = "listCoSells", tag = "co-sell",
    security(("bearer" = ["cosell:read"])), params(CoSellQuery),
    responses((status = 200, description = "one page of shared opportunities", body = Page<CoSell>)))]
pub(super) async fn list_co_sells(
    State(app): State<App>,
    May { org, .. }: May<right::CoSellRead>,
    ValidQuery(query): ValidQuery<CoSellQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("co-sells {} {:?} {:?}", org.id, query.stage, query.status);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let (after, limit) = (paging.after, paging.fetch());
    let rows = rows::page(&mut conn, org.id, query.stage, query.status, after, limit).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), CoSell::from))
}
