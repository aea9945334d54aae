//! How deals move and how they end: from roll-ups alone.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State, response::IntoResponse};
use chrono::{Days, Months, NaiveDate};
use guildhall_kernel::{Currency, OrgId, ProgramId, StageId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Problem, ValidQuery, code},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::list::{countries, sides};
use super::rates::Rates;
use super::stages::{self, Stage};
use super::sums::{Figure, Tally, end_of, month_of};
use super::{program, settings};
use crate::deals::wire::CloseReason;

/// What is looked at.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AnalysisQuery {
    /// The program. A vendor may leave it out for its first one.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only customers in this country (ISO 3166-1 alpha-2).
    #[param(example = "DE")]
    country: Option<String>,
    /// Only customers in this sales region, by its name in the settings; those in none when it is empty.
    #[param(example = "DACH")]
    region: Option<String>,
    /// A day in the first month; a year ago unless told. What is open now is so whatever the months.
    #[param(value_type = Option<String>, format = Date, example = "2026-01-01")]
    from: Option<NaiveDate>,
    /// A day in the last month; this one unless told.
    #[param(value_type = Option<String>, format = Date, example = "2026-12-31")]
    to: Option<NaiveDate>,
}

/// How a stage is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StageAnalysis {
    /// The stage.
    stage_id: StageId,
    /// Its name.
    #[schema(example = "Proposal")]
    name: String,
    /// How many deals are in it now.
    #[schema(example = 42)]
    open: i64,
    /// For how many days on average they have been.
    #[schema(example = "17.5")]
    average_age_days: Option<Decimal>,
    /// How many for at most 14 days, for 15 to 30, for 31 to 90, and for longer.
    #[schema(min_items = 4, max_items = 4, example = json!([10, 20, 8, 4]))]
    age_buckets: [i64; 4],
    /// How many stays ended in the months.
    #[schema(example = 120)]
    left: i64,
    /// How many of them in a later stage or in a win.
    #[schema(example = 70)]
    advanced: i64,
    /// How many in an earlier stage.
    #[schema(example = 5)]
    returned: i64,
    /// How many in a loss, or in another end of the claim.
    #[schema(example = 45)]
    dropped: i64,
    /// Advanced of all that left, in per cent.
    #[schema(example = "58.3")]
    conversion: Option<Decimal>,
    /// How many days a stay took on average.
    #[schema(example = "12.4")]
    average_days: Option<Decimal>,
}

/// How many deals ended for a reason.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReasonCount {
    /// The reason; `null` when none was given.
    reason: Option<CloseReason>,
    /// How many were won for it.
    #[schema(example = 3)]
    won: i64,
    /// How many were lost for it.
    #[schema(example = 9)]
    lost: i64,
}

/// How deals move and end.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Analysis {
    /// The program.
    program_id: ProgramId,
    /// The first day that is looked at.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
    /// What sums are converted into, ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// By stage, in their order.
    stages: Vec<StageAnalysis>,
    /// How many open deals should have closed by now.
    #[schema(example = 6)]
    overdue: i64,
    /// The address of the list that has exactly these.
    #[schema(example = "/api/v1/pipeline/deals?status=open&to=2026-11-22")]
    overdue_list: String,
    /// How many deals were won in the months.
    #[schema(example = 30)]
    won: i64,
    /// How many were lost.
    #[schema(example = 20)]
    lost: i64,
    /// Won of all that were won or lost, in per cent.
    #[schema(example = "60.0")]
    win_rate: Option<Decimal>,
    /// What was won.
    won_amount: Figure,
    /// What a won deal was worth on average; `null` without one, or when a rate is missing.
    #[schema(example = "13980.00")]
    average_won: Option<Decimal>,
    /// How many days it took on average from the registration to the win.
    #[schema(example = "74.0")]
    average_days_to_win: Option<Decimal>,
    /// Why deals were won and lost.
    reasons: Vec<ReasonCount>,
}

/// Whose roll-ups are read.
struct Subject {
    vendor: Uuid,
    program: Uuid,
    dimension: &'static str,
    members: Vec<String>,
    from: NaiveDate,
    to: NaiveDate,
    today: NaiveDate,
}

/// Analyse the pipeline
///
/// Ageing, conversion and velocity of the stages, overdue deals, win rate, reasons and sizes. A change shows within
/// seconds.
#[utoipa::path(get, path = "/api/v1/pipeline/analysis", operation_id = "getPipelineAnalysis", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(AnalysisQuery),
    responses((status = 200, description = "the analysis", body = Analysis),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn get_pipeline_analysis(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<AnalysisQuery>,
) -> Result<impl IntoResponse, Problem> {
    // One state for all of it: sums are folded meanwhile.
    let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    let mut conn = app.db.pool().begin_with(snapshot).await?;
    let program = program::visible(&mut conn, org, query.program_id).await?;
    let (_, partner) = sides(&mut conn, org, None, query.partner_id).await?;
    let countries = countries(&mut conn, org, query.country.as_deref(), query.region.as_deref()).await?;
    let (dimension, members) = match (partner, countries) {
        (Some(_), Some(_)) => {
            let detail = "country: sums are kept by partner or by country, not by both.";
            return Err(Problem::new(code::INVALID_QUERY, detail));
        }
        (Some(partner), None) => ("partner", vec![partner.uuid().to_string()]),
        (None, Some(countries)) => ("country", countries),
        (None, None) => ("vendor", vec![String::new()]),
    };
    let today = app.clock.now().date_naive();
    let year_ago = today.checked_sub_months(Months::new(11)).unwrap_or(today);
    let subject = Subject {
        vendor: program.vendor.uuid(),
        program: program.id.uuid(),
        dimension,
        members,
        from: month_of(query.from.unwrap_or(year_ago)),
        to: month_of(query.to.unwrap_or(today)),
        today,
    };
    let (settings, _) = settings::of(&mut *conn, org.id).await?;
    let stages = stages::of_program(&mut *conn, program.vendor, program.id).await?;
    let stages = by_stage(&mut conn, &subject, &stages).await?;
    let ends = ends(&mut conn, &subject, program.vendor, settings.reporting_currency).await?;
    Ok(Json(Analysis {
        overdue: overdue(&mut conn, &subject).await?,
        overdue_list: overdue_list(&query, &program.id, today),
        stages,
        program_id: program.id,
        from: subject.from,
        to: end_of(subject.to),
        currency: settings.reporting_currency.code().to_owned(),
        ..ends
    }))
}

fn overdue_list(query: &AnalysisQuery, program: &ProgramId, today: NaiveDate) -> String {
    let yesterday = today.pred_opt().unwrap_or(today);
    let mut list = format!("/api/v1/pipeline/deals?status=open&program_id={program}&to={yesterday}");
    if let Some(partner) = query.partner_id {
        list.push_str(&format!("&partner_id={partner}"));
    }
    for (name, text) in [("country", &query.country), ("region", &query.region)] {
        if let Some(text) = text {
            list.push_str(&format!("&{name}={}", super::forecast::encoded(text)));
        }
    }
    list
}

/// A share in per cent, to a tenth.
fn share(part: i64, whole: i64) -> Option<Decimal> {
    average(Decimal::from(part) * Decimal::ONE_HUNDRED, whole)
}

/// An average to a tenth.
fn average(sum: Decimal, count: i64) -> Option<Decimal> {
    let mut average = sum.checked_div(Decimal::from(count))?.round_dp(1);
    average.rescale(1);
    Some(average)
}

async fn by_stage(conn: &mut PgConnection, of: &Subject, stages: &[Stage]) -> Result<Vec<StageAnalysis>, Problem> {
    let bucket = |days| of.today.checked_sub_days(Days::new(days)).unwrap_or(of.today);
    let ages = sqlx::query!(
        r#"SELECT stage_id, sum(deals)::bigint AS "open!", sum(deals * ($5::date - day))::numeric AS "days!",
                  coalesce(sum(deals) FILTER (WHERE day >= $6), 0)::bigint AS "fresh!",
                  coalesce(sum(deals) FILTER (WHERE day < $6 AND day >= $7), 0)::bigint AS "month!",
                  coalesce(sum(deals) FILTER (WHERE day < $7 AND day >= $8), 0)::bigint AS "quarter!"
           FROM pipeline_day
           WHERE vendor_id = $1 AND dimension = $3 AND member = ANY ($4) AND kind = 'since' AND program_id = $2
           GROUP BY 1 HAVING sum(deals) <> 0"#,
        of.vendor,
        of.program,
        of.dimension,
        &of.members,
        of.today,
        bucket(14),
        bucket(30),
        bucket(90),
    )
    .fetch_all(&mut *conn)
    .await?;
    let flows = flows(conn, of).await?;
    let day = Decimal::from(86_400);
    let rows = stages.iter().map(|stage| {
        let age = ages.iter().find(|row| row.stage_id == stage.id.uuid());
        let flow = flows.iter().find(|row| row.stage_id == stage.id.uuid());
        let open = age.map_or(0, |row| row.open);
        let (left, advanced, returned) = flow.map_or((0, 0, 0), |row| (row.left, row.advanced, row.returned));
        let buckets = age.map_or([0; 3], |row| [row.fresh, row.month, row.quarter]);
        let [fresh, month, quarter] = buckets;
        StageAnalysis {
            stage_id: stage.id,
            name: stage.name.clone(),
            open,
            average_age_days: age.and_then(|row| average(row.days, row.open)),
            age_buckets: [fresh, month, quarter, open - fresh - month - quarter],
            left,
            advanced,
            returned,
            dropped: left - advanced - returned,
            conversion: share(advanced, left),
            average_days: flow.and_then(|row| average(row.seconds / day, row.left)),
        }
    });
    Ok(rows.collect())
}

/// Stays in a stage that ended.
struct Flow {
    stage_id: Uuid,
    left: i64,
    seconds: Decimal,
    advanced: i64,
    returned: i64,
}

async fn flows(conn: &mut PgConnection, of: &Subject) -> Result<Vec<Flow>, Problem> {
    let flows = sqlx::query_as!(
        Flow,
        r#"SELECT stage_id, sum(visits)::bigint AS "left!", sum(seconds) AS "seconds!",
                  coalesce(sum(visits) FILTER (WHERE outcome IN ('advanced', 'won')), 0)::bigint AS "advanced!",
                  coalesce(sum(visits) FILTER (WHERE outcome = 'returned'), 0)::bigint AS "returned!"
           FROM pipeline_flow
           WHERE vendor_id = $1 AND dimension = $3 AND member = ANY ($4) AND month BETWEEN $5 AND $6 AND program_id = $2
           GROUP BY 1"#,
        of.vendor,
        of.program,
        of.dimension,
        &of.members,
        of.from,
        of.to,
    )
    .fetch_all(conn)
    .await?;
    Ok(flows)
}

async fn overdue(conn: &mut PgConnection, of: &Subject) -> Result<i64, Problem> {
    let overdue = sqlx::query_scalar!(
        r#"SELECT coalesce(sum(deals), 0)::bigint AS "overdue!" FROM pipeline_day
           WHERE vendor_id = $1 AND dimension = $3 AND member = ANY ($4) AND kind = 'due' AND day < $5 AND program_id = $2"#,
        of.vendor,
        of.program,
        of.dimension,
        &of.members,
        of.today,
    )
    .fetch_one(conn)
    .await?;
    Ok(overdue)
}

/// Deals of a month that ended in one way.
struct End {
    month: NaiveDate,
    status: String,
    reason: Option<CloseReason>,
    currency: String,
    deals: i64,
    amount: Decimal,
    days: i64,
}

async fn closed(conn: &mut PgConnection, of: &Subject) -> Result<Vec<End>, Problem> {
    let rows = sqlx::query_as!(
        End,
        r#"SELECT month, status, nullif(reason, '') AS "reason: CloseReason", currency, sum(deals)::bigint AS "deals!",
                  sum(amount) AS "amount!", sum(days)::bigint AS "days!"
           FROM pipeline_rollup
           WHERE vendor_id = $1 AND dimension = $3 AND member = ANY ($4) AND month BETWEEN $5 AND $6 AND program_id = $2
             AND status IN ('won', 'lost')
           GROUP BY 1, 2, 3, 4 HAVING sum(deals) <> 0"#,
        of.vendor,
        of.program,
        of.dimension,
        &of.members,
        of.from,
        of.to,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// How deals ended; the other members of the answer are left empty.
async fn ends(conn: &mut PgConnection, of: &Subject, vendor: OrgId, into: Currency) -> Result<Analysis, Problem> {
    let rows = closed(conn, of).await?;
    let day = |month| end_of(month).min(of.today);
    let wanted: BTreeSet<_> = rows
        .iter()
        .flat_map(|row| {
            [
                (row.currency.clone(), day(row.month)),
                (into.code().to_owned(), day(row.month)),
            ]
        })
        .collect();
    let rates = Rates::load(conn, Some(vendor), &wanted).await?;
    let mut amount = Tally::default();
    let (mut won, mut lost, mut days) = (0, 0, 0);
    let mut reasons: BTreeMap<&str, ReasonCount> = BTreeMap::new();
    for row in &rows {
        let name = row.reason.map_or("", CloseReason::as_str);
        let reason = reasons.entry(name).or_insert(ReasonCount {
            reason: row.reason,
            won: 0,
            lost: 0,
        });
        if row.status == "won" {
            won += row.deals;
            days += row.days;
            reason.won += row.deals;
            amount.add(row.amount, &row.currency, &rates, into, day(row.month));
        } else {
            lost += row.deals;
            reason.lost += row.deals;
        }
    }
    let won_amount = amount.figure(into);
    Ok(Analysis {
        program_id: of.program.into(),
        from: of.from,
        to: of.to,
        currency: String::new(),
        stages: Vec::new(),
        overdue: 0,
        overdue_list: String::new(),
        won,
        lost,
        win_rate: share(won, won + lost),
        average_won: won_amount
            .amount
            .and_then(|sum| sum.checked_div(won.into()))
            .map(|average| {
                let places = guildhall_kernel::Money::exponent(into);
                average.round_dp(places)
            }),
        won_amount,
        average_days_to_win: average(days.into(), won),
        reasons: reasons.into_values().collect(),
    })
}
