use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use uuid::Uuid;

use super::access::{VisibleFund, side};
use super::rows;
use super::view::FundBalance;

/// List what partners have of a fund
///
/// A partner sees its own part.
#[utoipa::path(get, path = "/api/v1/incentives/funds/{id}/balances", operation_id = "listFundBalances", tag = "funds",
    security(("bearer" = ["funds:read"])),
    params(("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of balances", body = Page<FundBalance>)))]
pub(super) async fn list_fund_balances(
    State(app): State<App>,
    VisibleFund { fund, org }: VisibleFund,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("fund balances {} {}", org.id, fund.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (_, partner) = side(org);
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::balances(&mut conn, fund.id, partner, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.partner_id.uuid(), |row| row))
}
