//! Statements as they are shown.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_incentivize::api::{EarningCause, EarningKind};
use guildhall_kernel::{EarningId, OrgId, PayoutId, PlanVersionId, SaleId, UserId};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::balance::{Owed, Sums};
use super::rows::{Gone, Group, Line, Period};
use super::{PayoutStep, StatementStatus};
use crate::method::shown;

/// A statement that there is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementSummary {
    /// The number that it is filed under.
    #[schema(example = "ST-2026-11-42")]
    pub(super) number: String,
    /// Who owes.
    pub(super) vendor_id: OrgId,
    /// Its name.
    #[schema(example = "Northwind")]
    pub(super) vendor: String,
    /// Whom it owes, or whose employee.
    pub(super) partner_id: OrgId,
    /// Its name.
    #[schema(example = "Alder Consulting")]
    pub(super) partner: String,
    /// The person, where a person is paid.
    pub(super) user_id: Option<UserId>,
    /// The currency of the amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// The month, in UTC.
    #[schema(example = "2026-11")]
    pub(super) month: String,
    /// Its first day.
    pub(super) from: NaiveDate,
    /// Its last day.
    pub(super) to: NaiveDate,
    /// Whether the month isn't over: there will be more. An hour after its end a statement is final.
    #[schema(example = false)]
    pub(super) interim: bool,
    /// What was owed when the month began.
    #[schema(example = "1520.75")]
    pub(super) opening: Decimal,
    /// What is owed at its end.
    #[schema(example = "1880.90")]
    pub(super) closing: Decimal,
}

/// A statement: `opening` + `earned` − `taken` = `closing`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Statement {
    /// Of whom and when, from where to where.
    #[serde(flatten)]
    pub(super) summary: StatementSummary,
    /// The sum of the lines.
    #[schema(example = "360.15")]
    pub(super) earned: Decimal,
    /// What payouts took from the balance: `withheld`, `fees` and `paid` together.
    #[schema(example = "0.00")]
    pub(super) taken: Decimal,
    /// What of it was kept for the tax office.
    #[schema(example = "0.00")]
    pub(super) withheld: Decimal,
    /// What of it was kept for the cost of paying.
    #[schema(example = "0.00")]
    pub(super) fees: Decimal,
    /// What of it arrived.
    #[schema(example = "0.00")]
    pub(super) paid: Decimal,
    /// Where the closing balance stands.
    pub(super) standing: StatementStanding,
    /// The lines by kind of plan; kinds without any are left out.
    pub(super) groups: Vec<StatementGroup>,
    /// What happened to payouts, in order.
    pub(super) payouts: Vec<StatementPayout>,
}

/// Where what is owed stands; the parts sum to the closing balance.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementStanding {
    /// Earned, and not approved.
    #[schema(example = "360.15")]
    accrued: Decimal,
    /// Kept back.
    #[schema(example = "0.00")]
    held: Decimal,
    /// Approved, and resting.
    #[schema(example = "1520.75")]
    approved: Decimal,
    /// To be paid by the next payout.
    #[schema(example = "0.00")]
    payable: Decimal,
    /// Sent, and not known to have arrived.
    #[schema(example = "0.00")]
    in_transit: Decimal,
}

/// The lines of a kind.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementGroup {
    /// The kind.
    pub(super) kind: EarningKind,
    /// The sum of its lines.
    #[schema(example = "360.15")]
    pub(super) subtotal: Decimal,
    /// The lines, as they were posted.
    pub(super) lines: Vec<StatementLine>,
}

/// A line: what was earned, or taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementLine {
    /// The earning.
    pub(super) earning_id: EarningId,
    /// Where it is explained.
    #[schema(example = "/api/v1/earnings/earn_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub(super) earning: String,
    /// When it was posted.
    pub(super) posted_at: DateTime<Utc>,
    /// Why it came to be.
    pub(super) cause: EarningCause,
    /// The line that it corrects; itself for a first line.
    pub(super) root_id: EarningId,
    /// The day that it counts for.
    pub(super) earned_on: NaiveDate,
    /// The plan, as it was called then.
    #[schema(example = "Reseller commission")]
    pub(super) plan: Option<String>,
    /// The version of the plan.
    pub(super) plan_version_id: Option<PlanVersionId>,
    /// Its number.
    #[schema(example = 1)]
    pub(super) plan_version: Option<i32>,
    /// The sale.
    pub(super) sale_id: Option<SaleId>,
    /// The vendor's number of the sale; a deal's is its id.
    #[schema(example = "INV-2026-1042")]
    pub(super) reference: Option<String>,
    /// Why, for what was put right by hand, and for what, where costs are given back.
    pub(super) reason: Option<String>,
    /// Where it stood at the end of the period.
    pub(super) status: StatementStatus,
    /// How much; negative for what is taken back.
    #[schema(example = "360.15")]
    pub(super) amount: Decimal,
}

/// What happened to a payout.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StatementPayout {
    /// The payout.
    pub(super) payout_id: PayoutId,
    /// When.
    pub(super) at: DateTime<Utc>,
    /// What happened.
    pub(super) step: PayoutStep,
    /// What it took from the balance; negative where it gave back.
    #[schema(example = "100.00")]
    pub(super) taken: Decimal,
    /// What of it was kept for the tax office.
    #[schema(example = "100.00")]
    pub(super) withheld: Decimal,
    /// What of it was kept for the cost of paying.
    #[schema(example = "0.00")]
    pub(super) fees: Decimal,
    /// What of it arrived.
    #[schema(example = "0.00")]
    pub(super) paid: Decimal,
    /// What is on its way since, and still owed; negative where it is no more.
    #[schema(example = "900.00")]
    pub(super) in_transit: Decimal,
}

impl StatementSummary {
    pub(super) fn of(period: &Period, now: DateTime<Utc>) -> Self {
        let month = period.month;
        Self {
            number: format!("ST-{month}-{}", period.id),
            vendor_id: period.vendor_id,
            vendor: period.vendor_name.clone(),
            partner_id: period.partner_id,
            partner: period.partner_name.clone(),
            user_id: period.user_id,
            currency: period.currency.clone(),
            month: month.to_string(),
            from: month.first(),
            to: month.last(),
            interim: !month.is_over(now),
            opening: shown(period.opening.total(), &period.currency),
            closing: shown(period.closing().total(), &period.currency),
        }
    }
}

impl Statement {
    /// The whole, from lines in their order.
    pub(super) fn of(
        period: &Period,
        now: DateTime<Utc>,
        sums: &Sums,
        groups: &[Group],
        lines: Vec<Line>,
        payouts: &[Gone],
    ) -> Self {
        let amount = |amount: Decimal| shown(amount, &period.currency);
        let mut lines = lines.into_iter().peekable();
        let groups = groups.iter().map(|group| {
            let own = std::iter::from_fn(|| lines.next_if(|line| line.kind == group.kind));
            StatementGroup {
                kind: group.kind,
                subtotal: amount(group.subtotal),
                lines: own.map(|line| StatementLine::of(line, &period.currency)).collect(),
            }
        });
        Self {
            summary: StatementSummary::of(period, now),
            earned: amount(sums.earned),
            taken: amount(sums.taken),
            withheld: amount(sums.withheld),
            fees: amount(sums.fees),
            paid: amount(sums.paid),
            standing: StatementStanding::of(&period.closing(), &period.currency),
            groups: groups.collect(),
            payouts: payouts
                .iter()
                .map(|one| StatementPayout::of(one, &period.currency))
                .collect(),
        }
    }
}

impl StatementStanding {
    fn of(owed: &Owed, currency: &str) -> Self {
        Self {
            accrued: shown(owed.accrued, currency),
            held: shown(owed.held, currency),
            approved: shown(owed.approved, currency),
            payable: shown(owed.payable, currency),
            in_transit: shown(owed.in_transit, currency),
        }
    }
}

impl std::fmt::Display for StatementStanding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            accrued,
            held,
            approved,
            payable,
            in_transit,
        } = self;
        write!(
            f,
            "accrued {accrued}, held {held}, approved {approved}, payable {payable}, sent {in_transit}"
        )
    }
}

impl StatementLine {
    pub(super) fn of(line: Line, currency: &str) -> Self {
        Self {
            earning: format!("/api/v1/earnings/{}", line.earning_id),
            earning_id: line.earning_id,
            posted_at: line.at,
            cause: line.cause,
            root_id: line.root_id,
            earned_on: line.earned_on,
            plan: line.plan,
            plan_version_id: line.plan_version_id,
            plan_version: line.plan_version,
            sale_id: line.sale_id,
            reference: line.reference,
            reason: line.reason,
            status: line.status,
            amount: shown(line.amount, currency),
        }
    }
}

impl StatementPayout {
    pub(super) fn of(gone: &Gone, currency: &str) -> Self {
        Self {
            payout_id: gone.payout_id,
            at: gone.at,
            step: gone.step,
            taken: shown(gone.taken, currency),
            withheld: shown(gone.withheld, currency),
            fees: shown(gone.fees, currency),
            paid: shown(gone.paid, currency),
            in_transit: shown(gone.in_transit, currency),
        }
    }
}
