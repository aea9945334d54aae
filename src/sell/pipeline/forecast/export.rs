use async_trait::async_trait;
use axum::{extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{Cell, Format, Row, Sheet, Source, export},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::query::{Ask, Filters, GroupBy, Period};
use super::rows::{ForecastRow, page};
use crate::pipeline::sums::Figure;

/// What is to be forecast, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct ForecastExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
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
}

impl From<ForecastExport> for Filters {
    fn from(query: ForecastExport) -> Self {
        Self {
            period: query.period,
            from: query.from,
            to: query.to,
            group_by: query.group_by,
            program_id: query.program_id,
            vendor_id: query.vendor_id,
            partner_id: query.partner_id,
            country: query.country,
            region: query.region,
            currency: query.currency,
        }
    }
}

const SHEET: Sheet = Sheet {
    name: "forecast",
    columns: &[
        "group",
        "from",
        "to",
        "category",
        "deals",
        "amount",
        "weighted",
        "currency",
        "missing_rates",
    ],
};

/// Reads the forecast page by page.
struct Pages {
    app: App,
    ask: Ask,
    after: Option<Uuid>,
    done: bool,
}

#[async_trait]
impl Source for Pages {
    async fn next(&mut self) -> Result<Vec<Row>, Problem> {
        // Partners without a deal make no row, and a page without rows is not the end.
        while !self.done {
            let mut conn = self.app.db.pool().acquire().await?;
            let (rows, next) = page(&mut conn, &self.ask, self.after).await?;
            (self.after, self.done) = (next, next.is_none());
            if !rows.is_empty() {
                let currency = self.ask.currency.code();
                return Ok(rows.iter().flat_map(|row| lines(row, currency)).collect());
            }
        }
        Ok(Vec::new())
    }
}

fn lines(row: &ForecastRow, currency: &str) -> Vec<Row> {
    let line = |category: &str, deals: i64, amount: &Figure, weighted: Option<&Figure>| {
        let missing: Vec<&str> = amount.missing_rates.iter().map(|sum| sum.currency.as_str()).collect();
        vec![
            row.group.as_ref().map(|group| group.name.clone()).into(),
            row.from.into(),
            row.to.into(),
            category.into(),
            deals.into(),
            amount.amount.into(),
            weighted.and_then(|figure| figure.amount).into(),
            currency.into(),
            Cell::from(missing.join(" ")),
        ]
    };
    let mut lines: Vec<Row> = row
        .categories
        .iter()
        .map(|sum| line(sum.category.as_str(), sum.deals, &sum.amount, Some(&sum.weighted)))
        .collect();
    if row.won_deals > 0 {
        lines.push(line("won", row.won_deals, &row.won, None));
    }
    lines
}

/// Export a forecast
///
/// A row for each group, period and category, as a file.
#[utoipa::path(get, path = "/api/v1/pipeline/forecast/export", operation_id = "exportForecast", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(ForecastExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv"),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(in crate::pipeline) async fn export_forecast(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<ForecastExport>,
) -> Result<impl IntoResponse, Problem> {
    let format = query.format.unwrap_or_default();
    let mut conn = app.db.pool().acquire().await?;
    let today = app.clock.now().date_naive();
    let ask = Filters::from(query).ask(&mut conn, org, today).await?;
    drop(conn);
    let pages = Pages {
        app,
        ask,
        after: None,
        done: false,
    };
    export(format, SHEET, pages).await
}
