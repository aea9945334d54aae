use axum::{extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery, code},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::SHARED;

/// Which rates.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct RateQuery {
    /// The currency, ISO 4217.
    #[param(example = "USD")]
    currency: Option<String>,
    /// Everyone's rates instead of the vendor's own.
    #[param(example = false)]
    shared: Option<bool>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A rate of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::pipeline) struct ExchangeRate {
    /// ISO 4217.
    #[schema(example = "USD")]
    currency: String,
    /// The day from which it holds.
    day: NaiveDate,
    /// How many units one euro bought.
    #[schema(example = "1.0875")]
    rate: Decimal,
}

/// List exchange rates
///
/// A vendor's own, or everyone's, by currency, the latest first. A partner sees everyone's.
#[utoipa::path(get, path = "/api/v1/exchange-rates", operation_id = "listExchangeRates", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(RateQuery),
    responses((status = 200, description = "one page of rates", body = Page<ExchangeRate>)))]
pub(in crate::pipeline) async fn list_exchange_rates(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<RateQuery>,
) -> Result<impl IntoResponse, Problem> {
    let currency = query.currency.as_deref();
    if currency.is_some_and(|code| code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase())) {
        let detail = "currency: must be three capital letters (ISO 4217), like USD.";
        return Err(Problem::new(code::INVALID_QUERY, detail));
    }
    let shared = org.kind == OrgKind::Partner || query.shared == Some(true);
    let owner = if shared { SHARED } else { org.id.uuid() };
    let scope = format!("exchange rates {} {owner} {currency:?}", org.id);
    let paging = Paging::<(String, NaiveDate)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (after, day) = match &paging.after {
        Some((after, day)) => (after.clone(), *day),
        None => (String::new(), NaiveDate::MIN),
    };
    let rows = sqlx::query_as!(
        ExchangeRate,
        r#"(SELECT currency AS "currency!", day AS "day!", rate AS "rate!" FROM exchange_rate
          WHERE vendor_id = $1 AND currency = $2 AND day < $3 AND ($4::text IS NULL OR currency = $4)
          ORDER BY day DESC LIMIT $5)
         UNION ALL
         (SELECT currency, day, rate FROM exchange_rate
          WHERE vendor_id = $1 AND currency > $2 AND ($4::text IS NULL OR currency = $4)
          ORDER BY currency, day DESC LIMIT $5)
         ORDER BY 1, 2 DESC LIMIT $5"#,
        owner,
        after,
        if day == NaiveDate::MIN {
            NaiveDate::default()
        } else {
            day
        },
        currency,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| (row.currency.clone(), row.day), |row| row))
}
