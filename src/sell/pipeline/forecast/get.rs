use axum::{Json, extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Paging, Problem, ValidQuery},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::query::{Filters, GroupBy, Period};
use super::rows::{ForecastRow, page};

/// What is to be forecast.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct ForecastQuery {
    /// How long a period is; a month unless told.
    #[param(inline)]
    period: Option<Period>,
    /// A day in the first period; today unless told.
    #[param(value_type = Option<String>, format = Date, example = "2027-01-01")]
    from: Option<NaiveDate>,
    /// A day in the last period, 36 months on at most; a year on unless told.
    #[param(value_type = Option<String>, format = Date, example = "2027-12-31")]
    to: Option<NaiveDate>,
    /// Whom the sums are told apart by; nobody unless told.
    #[param(inline)]
    group_by: Option<GroupBy>,
    /// Only deals of this program.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
    /// Only deals with this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    country: Option<String>,
    /// Only customers in this sales region, by its name in the settings; those in none when it is empty.
    #[param(example = "DACH")]
    region: Option<String>,
    /// What sums are converted into (ISO 4217); the settings say unless told.
    #[param(example = "EUR")]
    currency: Option<String>,
    /// The `next_cursor` of the page before, when the sums are told apart by partner.
    cursor: Option<String>,
}

impl From<&ForecastQuery> for Filters {
    fn from(query: &ForecastQuery) -> Self {
        Self {
            period: query.period,
            from: query.from,
            to: query.to,
            group_by: query.group_by,
            program_id: query.program_id,
            vendor_id: query.vendor_id,
            partner_id: query.partner_id,
            country: query.country.clone(),
            region: query.region.clone(),
            currency: query.currency.clone(),
        }
    }
}

/// A forecast.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::pipeline) struct Forecast {
    /// What sums are converted into, ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// How long a period is.
    period: Period,
    /// The first day that is looked at.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// The day whose rates the open deals are converted at; what was won is converted at those of the end of its month.
    rates_of: NaiveDate,
    /// The sums by group and period, those that have deals.
    items: Vec<ForecastRow>,
    /// Where the next page of partners begins; `null` on the last one.
    next_cursor: Option<String>,
}

/// Forecast
///
/// What open deals are worth by commit category, the same weighted by their probability, and what was won, by the
/// period of the expected or actual close, in one currency. A rate that is missing is told and never counts as zero.
/// Each number names the list that has its deals.
#[utoipa::path(get, path = "/api/v1/pipeline/forecast", operation_id = "getForecast", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(ForecastQuery),
    responses((status = 200, description = "the forecast", body = Forecast),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(in crate::pipeline) async fn get_forecast(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<ForecastQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let filters = Filters::from(&query);
    let ask = filters.ask(&mut conn, org, app.clock.now().date_naive()).await?;
    let scope = format!(
        "forecast {} {:?} {} {:?}",
        org.id, ask.group_by, ask.filters, ask.period
    );
    let paging = Paging::<Uuid>::new(&app.cursors, scope.clone(), None, query.cursor.as_deref())?;
    let (items, next) = page(&mut conn, &ask, paging.after).await?;
    Ok(Json(Forecast {
        currency: ask.currency.code().to_owned(),
        period: ask.period,
        from: ask.from,
        to: crate::pipeline::sums::end_of(ask.to),
        rates_of: ask.today,
        items,
        next_cursor: next.map(|next| app.cursors.seal(&scope, &next).into_string()),
    }))
}
