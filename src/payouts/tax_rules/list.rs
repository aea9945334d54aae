use axum::{extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::PayoutTaxRule;

/// List what is withheld by country
///
/// By country and first day. Of a country's rules the last that has begun when a batch is proposed holds; without any,
/// nothing is withheld and no form is needed.
#[utoipa::path(get, path = "/api/v1/payout-tax-rules", operation_id = "listPayoutTaxRules", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])), params(PageQuery),
    responses((status = 200, description = "one page of rules", body = Page<PayoutTaxRule>)))]
pub(super) async fn list_payout_tax_rules(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutPrepare>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("payout-tax-rules {}", org.id);
    let paging = Paging::<(String, NaiveDate)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (country, from) = paging.after.clone().unzip();
    let rows = sqlx::query_as!(
        PayoutTaxRule,
        "SELECT country, effective_from, withholding_percent, without_form_percent, self_billing, vat_percent, note
         FROM payout_tax_rule
         WHERE vendor_id = $1 AND ($2::text IS NULL OR (country, effective_from) > ($2, $3::date))
         ORDER BY country, effective_from LIMIT $4",
        org.id.uuid(),
        country,
        from,
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    let key = |row: &PayoutTaxRule| (row.country.clone(), row.effective_from);
    Ok(paging.page(&app.cursors, rows, key, PayoutTaxRule::shown))
}
