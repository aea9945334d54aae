use axum::{Json, extract::State};
use guildhall_kernel::Currency;
use guildhall_spine::{App, http::Problem};
use rust_decimal::Decimal;
use serde_json::Value;

use super::access::VisibleEarning;
use super::ids::{Reader, Wanted};
use super::rows;
use super::{Earning, ExplainedEarning};
use crate::sales::rows::in_currency;

/// The most lines of one root that are shown.
const MOST_LINES: i64 = 1000;

/// Get an earning
///
/// With the full answer to why it is what it is: the version of the plan, the rule that applied to each line of the sale,
/// the rate, the split, the totals of the period; every line that corrects it; and where its money went. Who isn't the vendor
/// doesn't see what the margin of a line was.
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
    let explanation = match reader {
        Reader::Vendor(_) => explanation,
        Reader::Partner(_) | Reader::Person(_) => outside(explanation),
    };
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

/// Without what a line's margin was: it would tell what the vendor pays for the product.
fn outside(mut explanation: Value) -> Value {
    let parts = explanation
        .pointer_mut("/contribution/parts")
        .and_then(Value::as_array_mut);
    let lines = parts
        .into_iter()
        .flatten()
        .filter_map(|part| part.get_mut("lines")?.as_array_mut())
        .flatten();
    for line in lines.filter(|line| line.pointer("/rate/margin_percent").is_some()) {
        if let Some(members) = line.as_object_mut() {
            members.remove("basis");
            members.remove("earned");
        }
    }
    explanation
}
