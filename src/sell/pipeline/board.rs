//! The board: a column a stage, with its sums from the roll-ups and its first cards.

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::list::{After, always, scope, sides};
use super::rates::Rates;
use super::stages::{self, Stage};
use super::sums::{Figure, Tally};
use super::view::{PipelineDeal, Wanted, page};
use super::{program, settings};

/// Which board.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardQuery {
    /// The program. A vendor may leave it out for its first one.
    #[param(value_type = Option<String>, example = "prog_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    program_id: Option<ProgramId>,
    /// Only deals of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
}

/// A stage with its deals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BoardColumn {
    /// The stage.
    stage: Stage,
    /// How many deals are in it.
    #[schema(example = 42)]
    deals: i64,
    /// What they are worth.
    amount: Figure,
    /// The same times how probable they are.
    weighted: Figure,
    /// The first deals, by their expected close.
    cards: Vec<PipelineDeal>,
    /// The address of the list that has all of them.
    #[schema(example = "/api/v1/pipeline/deals?stage_id=stg_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    list: String,
    /// Where that list goes on after the cards; `null` when there are no more.
    next_cursor: Option<String>,
}

/// The pipeline of a program.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Board {
    /// The program.
    program_id: ProgramId,
    /// What sums are converted into, at today's rates; ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// The stages in their order; retired ones follow while deals are in them.
    columns: Vec<BoardColumn>,
}

/// Cards of a column.
const CARDS: usize = 20;

/// Read the board of a program
///
/// Counts and sums come from the roll-ups. A partner sees its own deals.
#[utoipa::path(get, path = "/api/v1/pipeline/board", operation_id = "getPipelineBoard", tag = "pipeline",
    security(("bearer" = ["pipeline:read"])), params(BoardQuery),
    responses((status = 200, description = "the board", body = Board),
        (status = 404, description = "`not_found`: nothing to see of what a filter names", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn get_pipeline_board(
    State(app): State<App>,
    May { org, .. }: May<right::PipelineRead>,
    ValidQuery(query): ValidQuery<BoardQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let program = program::visible(&mut conn, org, query.program_id).await?;
    let (_, partner) = sides(&mut conn, org, None, query.partner_id).await?;
    let (settings, _) = settings::of(&mut *conn, org.id).await?;
    let currency = settings.reporting_currency;
    let sums = sums(&mut conn, program.vendor, program.id, partner).await?;
    let today = app.clock.now().date_naive();
    let mut wanted_rates: BTreeSet<_> = sums.iter().map(|sum| (sum.currency.clone(), today)).collect();
    wanted_rates.insert((currency.code().to_owned(), today));
    let rates = Rates::load(&mut conn, Some(program.vendor), &wanted_rates).await?;
    let mut totals: BTreeMap<Uuid, (i64, Tally, Tally)> = BTreeMap::new();
    for sum in &sums {
        let (deals, amount, weighted) = totals.entry(sum.stage_id).or_default();
        *deals += sum.deals;
        amount.add(sum.amount, &sum.currency, &rates, currency, today);
        weighted.add(sum.weighted, &sum.currency, &rates, currency, today);
    }
    let mut columns = Vec::new();
    for stage in stages::of_program(&mut *conn, program.vendor, program.id).await? {
        let (deals, amount, weighted) = totals.remove(&stage.id.uuid()).unwrap_or_default();
        if stage.retired_at.is_some() && deals == 0 {
            continue;
        }
        let mut column = cards(&mut conn, &app, org.id, &program, partner, stage).await?;
        (column.deals, column.amount, column.weighted) = (deals, amount.figure(currency), weighted.figure(currency));
        if let Some(partner) = query.partner_id {
            column.list.push_str(&format!("&partner_id={partner}"));
        }
        columns.push(column);
    }
    Ok(Json(Board {
        program_id: program.id,
        currency: currency.code().to_owned(),
        columns,
    }))
}

/// A column with its cards, before its sums.
async fn cards(
    conn: &mut PgConnection,
    app: &App,
    org: OrgId,
    program: &program::Program,
    partner: Option<OrgId>,
    stage: Stage,
) -> Result<BoardColumn, Problem> {
    let (first, last) = always();
    let wanted = Wanted {
        vendor: Some(program.vendor),
        partner,
        program: Some(program.id.uuid()),
        stage: Some(stage.id.uuid()),
        countries: None,
        category: None,
        status: "approved",
        from: first,
        to: last,
        after: (first, Uuid::nil()),
        limit: i64::try_from(CARDS).unwrap_or(20) + 1,
    };
    let mut cards = page(conn, &wanted).await?;
    let more = cards.len() > CARDS;
    cards.truncate(CARDS);
    let after = cards.last().filter(|_| more).map(After::from);
    let nothing = Tally::default().figure(guildhall_kernel::Currency::EUR);
    Ok(BoardColumn {
        deals: 0,
        amount: nothing.clone(),
        weighted: nothing,
        list: format!("/api/v1/pipeline/deals?stage_id={}", stage.id),
        next_cursor: after.map(|after| app.cursors.seal(&scope(org, &wanted), &after).into_string()),
        cards,
        stage,
    })
}

struct StageSum {
    stage_id: Uuid,
    currency: String,
    deals: i64,
    amount: Decimal,
    weighted: Decimal,
}

async fn sums(
    conn: &mut PgConnection,
    vendor: OrgId,
    program: ProgramId,
    partner: Option<OrgId>,
) -> Result<Vec<StageSum>, sqlx::Error> {
    sqlx::query_as!(
        StageSum,
        r#"SELECT c.stage_id AS "stage_id!", c.currency AS "currency!", sum(c.deals)::bigint AS "deals!",
                  sum(c.amount) AS "amount!", sum(c.following * coalesce(s.probability, 0) + c.fixed) / 100 AS "weighted!"
           FROM (SELECT stage_id, currency, deals, amount, following, fixed FROM pipeline_rollup
                 WHERE vendor_id = $1 AND dimension = $3 AND member = $4 AND program_id = $2 AND status = 'approved'
                 UNION ALL
                 SELECT stage_id, currency, deals, amount, following, fixed FROM pipeline_delta
                 WHERE vendor_id = $1 AND program_id = $2 AND status = 'approved' AND ($5::uuid IS NULL OR partner_id = $5)) c
           LEFT JOIN pipeline_stage s ON s.id = c.stage_id
           GROUP BY 1, 2 HAVING sum(c.deals) <> 0 OR sum(c.amount) <> 0"#,
        vendor.uuid(),
        program.uuid(),
        if partner.is_some() { "partner" } else { "vendor" },
        partner.map(|partner| partner.uuid().to_string()).unwrap_or_default(),
        partner.map(OrgId::uuid),
    )
    .fetch_all(conn)
    .await
}
