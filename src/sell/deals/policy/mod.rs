//! A program's terms for registrations: how long an approval protects, what a partner has to do for it, how fast the
//! vendor answers, and who approves what. Data, so that a vendor changes them without a release.

mod get;
mod put;
mod route;
pub(super) mod rows;
mod rules;
mod simulate;
mod terms;

pub(super) use get::__path_get_deal_policy;
pub(super) use get::get_deal_policy;
pub(super) use put::{__path_put_deal_policy, put_deal_policy};
pub(super) use route::{Certifications, Facts, route};
pub(super) use rules::{Approver, Chain, Needs, Order, Rule, RuleOutcome, Step};
pub(super) use simulate::{__path_simulate_deal_policy, simulate_deal_policy};
pub(super) use terms::Terms;

use chrono::{DateTime, Utc};
use guildhall_kernel::ProgramId;
use serde::Serialize;
use utoipa::ToSchema;

/// A program's terms as one side sees them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealPolicy {
    /// The program.
    program_id: ProgramId,
    /// Rises with every change; the `ETag` is made of it. 0 while the program has the defaults.
    #[schema(example = 1)]
    version: i64,
    /// The terms. A partner doesn't see the approval rules.
    terms: Terms,
    /// When they were last set; `null` for the defaults.
    updated_at: Option<DateTime<Utc>>,
}
