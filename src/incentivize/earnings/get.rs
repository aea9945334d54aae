use axum::{Json, extract::State};
use guildhall_kernel::Currency;
use guildhall_spine::{App, http::Problem};
use rust_decimal::Decimal;

use super::access::VisibleEarning;
use super::rows::{self, Wanted};
use super::{Earning, ExplainedEarning};
use crate::sales::rows::in_currency;

/// The most lines of one root that are shown.
const MOST_LINES: i64 = 1000;

/// Get an earning
///
/// With the full answer to why it is what it is: the version of the plan, the rule that applied to each line of the sale,
/// the rate, the split, the totals of the period; every line that corrects it; and where its money went.
#[utoipa::path(get, path = "/api/v1/earnings/{id}", operation_id = "getEarning", tag = "earnings",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the earning", example = "earn_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the earning", body = ExplainedEarning)))]
pub(super) async fn get_earning(
    State(app): State<App>,
    VisibleEarning { earning, reader }: VisibleEarning,
) -> Result<Json<ExplainedEarning>, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let wanted = Wanted {
        root: Some(earning.root_id),
        limit: MOST_LINES,
        ..Wanted::default()
    };
    let mut lines = rows::read(&mut conn, reader, &wanted).await?;
    lines.reverse();
    let explanation = sqlx::query_scalar!("SELECT explanation FROM earning WHERE id = $1", earning.id.uuid())
        .fetch_one(&mut *conn)
        .await?;
    let postings = rows::postings(&mut conn, earning.id).await?;
    let net: Decimal = lines
        .iter()
        .filter_map(|line: &Earning| line.amount.parse::<Decimal>().ok())
        .sum();
    let currency = Currency::from_code(&earning.currency);
    Ok(Json(ExplainedEarning {
        net: currency.map_or_else(|| net.to_string(), |currency| in_currency(net, currency)),
        earning,
        explanation,
        lines,
        postings,
    }))
}
