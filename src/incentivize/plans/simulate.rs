use axum::{Json, extract::State};
use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId, PlanId, ProgramId, UserId};
use guildhall_plans::PlanSpec;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Checks, Problem, ValidJson, Validate},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{named, rows, terms};
use crate::accruals::simulation::{self, LeftOut, Outcome, Trial};
use crate::sales::rows::in_currency;

/// The most days that are simulated at once.
const MOST_DAYS: i64 = 731;
/// The most payees that are named.
const MOST_NAMED: usize = 200;

/// Terms to be tried on what was sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanTrial)]
pub(super) struct Asked {
    /// The terms.
    #[schema(value_type = PlanSpec)]
    spec: Value,
    /// The plan whose published versions they are held against, and whose verified claims count; nothing when left out.
    #[serde(default)]
    plan_id: Option<PlanId>,
    /// Only partners of this program earn under the terms; as under the plan when left out.
    #[serde(default)]
    program_id: Option<ProgramId>,
    /// Sales from this day on.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
}

impl Validate for Asked {
    fn validate(&self, checks: &mut Checks) {
        let days = (self.to - self.from).num_days();
        let message = "must be from the first day to two years after it";
        checks.check((0..MOST_DAYS).contains(&days), "/to", "date", message);
        terms("/spec", &self.spec, checks);
    }
}

/// What the terms would have paid.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanTrialResult)]
pub(super) struct Tried {
    /// How many sales were looked at.
    #[schema(example = 1204)]
    sales: usize,
    /// How many of them couldn't be valued.
    faults: usize,
    /// Why the first of those couldn't.
    fault: Option<String>,
    /// What the terms, or the published versions, pay that isn't in the sums: growth rebates, true-ups and prizes depend on
    /// more than these sales, claims on a plan.
    left_out: Vec<LeftOut>,
    /// The sums, one for each currency.
    totals: Vec<Sum>,
    /// What each payee would have had, those first whose earnings differ most; at most 200.
    payees: Vec<PayeeSum>,
}

/// What the terms would have paid in a currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanTrialSum)]
struct Sum {
    /// The currency (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// Under the terms.
    #[schema(example = "13980.00")]
    proposed: String,
    /// Under the published versions.
    #[schema(example = "11650.00")]
    present: String,
    /// How much more that is.
    #[schema(example = "2330.00")]
    difference: String,
}

/// What the terms would have paid to somebody.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanTrialPayee)]
struct PayeeSum {
    /// The partner.
    partner_id: OrgId,
    /// The person, where a person is paid.
    user_id: Option<UserId>,
    /// How much.
    #[serde(flatten)]
    sum: Sum,
}

/// Simulate a plan
///
/// What the terms would have paid for the sales of past days, held against what the plan's published versions pay for the
/// same sales. Nothing is stored or posted. At most 100 000 sales and two years.
#[utoipa::path(post, path = "/api/v1/incentives/plans/simulate", operation_id = "simulatePlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    request_body(content = Asked, example = json!({"from": "2025-11-24", "to": "2026-11-23", "spec": {"type": "commission",
        "trigger": "deal_won", "rules": [{"name": "everything", "rate": {"percent": "12"}}]}})),
    responses((status = 200, description = "what they would have paid", body = Tried)))]
pub(super) async fn simulate_plan(
    State(app): State<App>,
    May { org, .. }: May<right::PlanManage>,
    ValidJson(asked): ValidJson<Asked>,
) -> Result<Json<Tried>, Problem> {
    let mut checks = Checks::default();
    let mut conn = app.db.pool().acquire().await?;
    if let Some(program) = asked.program_id {
        let known = rows::has_program(&mut conn, org.id, program).await?;
        checks.check(known, "/program_id", "unknown", "is no program of yours");
    }
    named::check(&mut conn, org.id, "/spec", &asked.spec, &mut checks).await?;
    let plan = terms("/spec", &asked.spec, &mut checks);
    checks.done()?;
    let plan = plan.ok_or_else(|| Problem::internal("a plan that can't be read has no fault"))?;
    let mut program = asked.program_id;
    if let Some(id) = asked.plan_id {
        let today = app.clock.now().date_naive();
        let known = rows::read(&mut conn, rows::Reader::Vendor(org.id), Some(id), today, None, 1).await?;
        let Some(known) = known.first() else {
            return Err(Problem::field("/plan_id", "unknown", "is no plan of yours"));
        };
        program = program.or(known.program_id);
    }
    let trial = Trial {
        program,
        vendor: org.id,
        plan,
        against: asked.plan_id,
        days: (asked.from, asked.to),
    };
    let outcome = simulation::run(&mut conn, &trial).await?;
    Ok(Json(Tried::from(outcome)))
}

impl From<Outcome> for Tried {
    fn from(outcome: Outcome) -> Self {
        let sum = |currency: Currency, (proposed, present)| Sum {
            currency: currency.code().to_owned(),
            proposed: in_currency(proposed, currency),
            present: in_currency(present, currency),
            difference: in_currency(proposed - present, currency),
        };
        let totals = outcome.totals();
        let mut payees: Vec<_> = outcome.payees.into_iter().collect();
        payees.sort_by_key(|(key, (proposed, present))| (-(*proposed - *present).abs(), *key));
        payees.truncate(MOST_NAMED);
        Self {
            sales: outcome.sales,
            faults: outcome.faults,
            fault: outcome.fault,
            left_out: outcome.left_out.into_iter().collect(),
            totals: totals.into_iter().map(|(currency, sums)| sum(currency, sums)).collect(),
            payees: payees
                .into_iter()
                .map(|((payee, currency), sums)| PayeeSum {
                    partner_id: payee.partner.into(),
                    user_id: payee.user.map(Into::into),
                    sum: sum(currency, sums),
                })
                .collect(),
        }
    }
}
