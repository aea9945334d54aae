//! What terms would have paid for what was sold, without a trace.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId, PlanId, ProgramId, SaleId};
use guildhall_plans::{Payee, Plan};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::book::{self, Version};
use super::facts;
use super::fold::{Case, State, Touched, fits, fold};
use super::settle::{Kept, Unvalued, rates, value};

/// Sales that are read at once.
const CHUNK: i64 = 1000;
/// The most sales of a simulation.
const MOST_SALES: usize = 100_000;

/// What is tried.
#[derive(Clone, Debug)]
pub(crate) struct Trial {
    pub(crate) vendor: OrgId,
    pub(crate) plan: Plan,
    /// The plan whose published versions it is held against, and whose claims count.
    pub(crate) against: Option<PlanId>,
    /// The program whose partners alone earn.
    pub(crate) program: Option<ProgramId>,
    /// The first and the last day.
    pub(crate) days: (NaiveDate, NaiveDate),
}

/// What terms pay that isn't tried: it depends on more than the sales of the days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = IncentivePlanTrialLeftOut)]
pub(crate) enum LeftOut {
    /// What goes by growth: there is nothing that it is measured against.
    Growth,
    /// What a year brings more than its quarters.
    TrueUp,
    /// The prizes of a contest.
    Prizes,
    /// Claims with proof: they are made under a plan, and none was named.
    Claims,
}

/// What came out.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) sales: usize,
    pub(crate) faults: usize,
    pub(crate) fault: Option<String>,
    /// What of the terms on either side isn't in the sums.
    pub(crate) left_out: BTreeSet<LeftOut>,
    /// Proposed and present, by payee and currency.
    pub(crate) payees: HashMap<(Payee, Currency), (Decimal, Decimal)>,
}

impl Outcome {
    /// Proposed and present, by currency in the order of their codes.
    pub(crate) fn totals(&self) -> Vec<(Currency, (Decimal, Decimal))> {
        let mut totals: BTreeMap<&'static str, (Currency, (Decimal, Decimal))> = BTreeMap::new();
        for ((_, currency), (proposed, present)) in &self.payees {
            let (_, sum) = totals.entry(currency.code()).or_insert((*currency, Default::default()));
            sum.0 += proposed;
            sum.1 += present;
        }
        totals.into_values().collect()
    }
}

/// Tries a plan on the sales of its days, in bounded memory.
///
/// # Errors
/// 422 for more sales than are simulated at once, or when the database fails.
pub(crate) async fn run(conn: &mut PgConnection, trial: &Trial) -> Result<Outcome, Problem> {
    let (from, to) = trial.days;
    let mut versions = book::published(conn, &[trial.vendor]).await?;
    versions.retain(|version| Some(version.plan_id) == trial.against);
    versions.push(candidate(trial));
    let mut outcome = Outcome {
        left_out: versions.iter().flat_map(|version| left_out(version)).collect(),
        ..Outcome::default()
    };
    let mut state = State::default();
    let (mut day, mut after) = (from, Uuid::nil());
    loop {
        let rows = sqlx::query!(
            r#"SELECT id AS "id: SaleId", sold_on FROM sale
               WHERE vendor_id = $1 AND (sold_on, id) > ($2, $3) AND sold_on <= $4 ORDER BY sold_on, id LIMIT $5"#,
            trial.vendor.uuid(),
            day,
            after,
            to,
            CHUNK,
        )
        .fetch_all(&mut *conn)
        .await?;
        let Some(last) = rows.last() else {
            return Ok(outcome);
        };
        (day, after) = (last.sold_on, last.id.uuid());
        let ids: Vec<SaleId> = rows.iter().map(|row| row.id).collect();
        outcome.sales += ids.len();
        if outcome.sales > MOST_SALES {
            let message = format!("more than {MOST_SALES} sales lie between the days: choose fewer days");
            return Err(Problem::field("/to", "too_many", message));
        }
        try_on(conn, &ids, &versions, &mut state, &mut outcome).await?;
        // Each sale comes once: what it contributed isn't asked for again.
        state.accruals.clear();
        state.payees.clear();
        state.touched = Touched::default();
    }
}

fn left_out(version: &Version) -> impl Iterator<Item = LeftOut> {
    let (plan, of_no_plan) = (&version.plan, version.plan_id.uuid().is_nil());
    let growth = plan.baseline_period(&plan.period(version.from)).is_some();
    let found = [
        (growth, LeftOut::Growth),
        (plan.has_true_up(), LeftOut::TrueUp),
        (plan.contest().is_some(), LeftOut::Prizes),
        (plan.needs_proof() && of_no_plan, LeftOut::Claims),
    ];
    found.into_iter().filter_map(|(is, what)| is.then_some(what))
}

/// The terms as a version of the plan that they are for, in force on the days.
fn candidate(trial: &Trial) -> Arc<Version> {
    Arc::new(Version {
        id: Uuid::nil().into(),
        plan_id: trial.against.unwrap_or(Uuid::nil().into()),
        vendor: trial.vendor,
        name: String::new(),
        no: 0,
        program: trial.program,
        auto_approve: false,
        from: trial.days.0,
        to: Some(trial.days.1),
        plan: trial.plan.clone(),
    })
}

/// Adds what some sales would have earned.
async fn try_on(
    conn: &mut PgConnection,
    ids: &[SaleId],
    versions: &[Arc<Version>],
    state: &mut State,
    outcome: &mut Outcome,
) -> Result<(), Problem> {
    let sales = facts::load(conn, ids).await?;
    let rates = rates(conn, &sales, versions).await?;
    let (valued, unvalued) = value(&sales, versions, &rates, &Kept::new());
    outcome.faults += unvalued.len();
    outcome.fault = outcome
        .fault
        .take()
        .or_else(|| unvalued.first().map(|one| one.detail.clone()));
    for one in valued {
        let proposed = one.version.id.uuid().is_nil();
        let Some(sale) = sales.get(one.work) else { continue };
        let case = Case {
            version: &one.version,
            sale: sale.id,
            currency: one.currency,
            period: one.version.plan.period(one.on),
            contributions: one.contributions,
        };
        if !fits(state, &case) {
            let fault = Unvalued::beyond(sale, &one.version);
            outcome.faults += 1;
            outcome.fault.get_or_insert(fault.detail);
            continue;
        }
        for line in fold(state, case) {
            let sums = outcome.payees.entry((line.payee, line.currency)).or_default();
            let sum = if proposed { &mut sums.0 } else { &mut sums.1 };
            *sum += line.amount;
        }
    }
    Ok(())
}
