use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::access::side;
use super::rows::{self, Wanted};
use super::view::Fund;

/// Which funds.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FundQuery {
    /// Only funds whose period is over, or only the others.
    #[param(example = false)]
    expired: Option<bool>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List funds
///
/// The newest first. A vendor lists its own, a partner those of which it has something.
#[utoipa::path(get, path = "/api/v1/incentives/funds", operation_id = "listFunds", tag = "funds",
    security(("bearer" = ["funds:read"])), params(FundQuery),
    responses((status = 200, description = "one page of funds", body = Page<Fund>)))]
pub(super) async fn list_funds(
    State(app): State<App>,
    May { org, .. }: May<right::FundRead>,
    ValidQuery(query): ValidQuery<FundQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("funds {} {:?}", org.id, query.expired);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted::Page {
        expired: query.expired,
        after: paging.after,
        limit: paging.fetch(),
    };
    let (vendor, partner) = side(org);
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::read(&mut conn, wanted, vendor, partner).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
