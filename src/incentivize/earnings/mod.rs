//! Earnings: the lines of what partners and people have earned, and their life.
//!
//! A line accrues, is approved, rests until its day, is payable and is paid; it can be held meanwhile. It is never
//! rewritten: what corrects it is a line of its own, which goes along with it.

mod access;
pub mod events;
mod get;
mod ids;
mod kind;
mod list;
mod moves;
mod resting;
mod rows;
mod told;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, EarningId, OrgId, PayoutId, PlanId, PlanVersionId, SaleId, UserId};
use guildhall_spine::{App, http::Code};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub use kind::{Cause, Kind, Status};
pub(crate) use resting::wake_at_next;
pub use resting::{PayRested, promote};
pub use told::{approve, hold};

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// One of the lines isn't where the move begins.
    pub const EARNING_ELSEWHERE: Code = Code {
        name: "earning_elsewhere",
        status: 409,
        title: "An earning isn't in a state that the move begins in",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::EARNING_ELSEWHERE];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_earnings))
        .routes(routes!(moves::approve_earnings))
        .routes(routes!(moves::hold_earnings))
        .routes(routes!(moves::release_earnings))
        .routes(routes!(get::get_earning))
}

/// A line of what was earned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Earning {
    /// Its id.
    pub(crate) id: EarningId,
    /// Rises with each move.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Who pays.
    pub(crate) vendor_id: OrgId,
    /// Who has earned it, or whose employee.
    pub(crate) partner_id: OrgId,
    /// The person, where a person is paid.
    pub(crate) user_id: Option<UserId>,
    /// What it is.
    pub(crate) kind: Kind,
    /// Why it came to be.
    pub(crate) cause: Cause,
    /// Where it stands.
    pub(crate) status: Status,
    /// How much; negative for what is taken back.
    #[schema(example = "360.15")]
    pub(crate) amount: String,
    /// The currency of the amount (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// The line that it corrects; itself for a first line.
    pub(crate) root_id: EarningId,
    /// The plan.
    pub(crate) plan_id: Option<PlanId>,
    /// The plan's name.
    #[schema(example = "Reseller commission")]
    pub(crate) plan: Option<String>,
    /// The version of the plan.
    pub(crate) plan_version_id: Option<PlanVersionId>,
    /// The sale.
    pub(crate) sale_id: Option<SaleId>,
    /// The deal.
    pub(crate) deal_id: Option<DealId>,
    /// The vendor's number of the sale.
    #[schema(example = "INV-2026-1042")]
    pub(crate) reference: Option<String>,
    /// The day that it counts for.
    pub(crate) earned_on: NaiveDate,
    /// It isn't payable before.
    pub(crate) rests_until: NaiveDate,
    /// Why it is held.
    pub(crate) held_because: Option<String>,
    /// The payout that it is in.
    pub(crate) payout_id: Option<PayoutId>,
    /// When it came to be.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last moved.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A line with everything that it was made of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedEarning {
    /// The line.
    #[serde(flatten)]
    pub(crate) earning: Earning,
    /// What it was computed from: plan and version, sale, rate, rules that applied to each line, totals of the period, and
    /// what had been earned before and has been after.
    #[schema(value_type = Object)]
    pub(crate) explanation: Value,
    /// Every line of the same root, in their order: what is left of it is their sum.
    pub(crate) lines: Vec<Earning>,
    /// The sum of those lines.
    #[schema(example = "360.15")]
    pub(crate) net: String,
    /// Where its money went, in order.
    pub(crate) postings: Vec<Moved>,
}

/// A posting of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EarningPosting)]
pub(crate) struct Moved {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Why.
    #[schema(example = "sale")]
    pub(crate) cause: String,
    /// The account.
    pub(crate) account: crate::ledger::AccountKind,
    /// Into it, or out of it when negative.
    #[schema(example = "360.15")]
    pub(crate) amount: String,
}
