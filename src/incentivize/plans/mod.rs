//! Incentive plans: what is paid for what, as versions that are in force for the sales of their days.
//!
//! A plan is written as a draft, checked, simulated against what was sold, and published. A published version never
//! changes: another takes its place from a day on, and what was sold before stays with it.

mod access;
mod change;
mod check;
mod close;
mod create;
mod draft;
mod end;
pub mod events;
mod get;
mod introduce;
mod leaderboard;
mod list;
mod named;
mod progress;
mod publish;
mod rows;
mod simulate;
mod versions;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use guildhall_kernel::{OrgId, PlanId, PlanVersionId, ProgramId, UserId};
use guildhall_plans::{Plan as Terms, PlanSpec};
use guildhall_spine::{
    App,
    http::{Checks, Code},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use close::ClosePeriods;
pub use events::EVENTS;
pub use introduce::{Introduction, introduce};

use crate::earnings::Kind;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// Two published versions of a plan would cover the same day.
    pub const VERSIONS_OVERLAP: Code = Code {
        name: "versions_overlap",
        status: 409,
        title: "Another version of the plan is in force on these days",
    };
    /// There is nothing to publish.
    pub const NO_DRAFT: Code = Code {
        name: "no_draft",
        status: 409,
        title: "The plan has no draft",
    };
    /// What was earned on past days stays with the version of those days.
    pub const VERSION_IN_PAST: Code = Code {
        name: "version_in_past",
        status: 409,
        title: "A version can't begin or end in the past",
    };
    /// Two versions would count one period, each from nothing.
    pub const PERIOD_BEGUN: Code = Code {
        name: "period_begun",
        status: 409,
        title: "A version can't begin in the midst of a period that another has begun",
    };
    /// A rebate over the whole plan is calculated on its last day.
    pub const LAST_DAY_NEEDED: Code = Code {
        name: "last_day_needed",
        status: 409,
        title: "The version needs a last day",
    };
    /// Sales of the period are still waited for.
    pub const PERIOD_OPEN: Code = Code {
        name: "period_open",
        status: 409,
        title: "The period can't be closed yet",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[
    code::VERSIONS_OVERLAP,
    code::NO_DRAFT,
    code::VERSION_IN_PAST,
    code::PERIOD_BEGUN,
    code::LAST_DAY_NEEDED,
    code::PERIOD_OPEN,
];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_plans, create::create_plan))
        .routes(routes!(check::check_plan))
        .routes(routes!(simulate::simulate_plan))
        .routes(routes!(get::get_plan, change::change_plan))
        .routes(routes!(versions::list_plan_versions))
        .routes(routes!(draft::put_plan_draft, draft::delete_plan_draft))
        .routes(routes!(publish::publish_plan))
        .routes(routes!(end::end_plan))
        .routes(routes!(close::close_plan_period))
        .routes(routes!(leaderboard::get_leaderboard))
        .routes(routes!(progress::list_progress))
}

/// An incentive plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlan)]
pub(crate) struct Plan {
    /// Its id.
    pub(crate) id: PlanId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Whose plan.
    pub(crate) vendor_id: OrgId,
    /// Its name, unique with the vendor.
    #[schema(example = "Reseller commission")]
    pub(crate) name: String,
    /// What it pays.
    pub(crate) kind: Kind,
    /// Only partners of this program earn; those of every program without one.
    pub(crate) program_id: Option<ProgramId>,
    /// Whether what is earned needs nobody's approval.
    pub(crate) auto_approve: bool,
    /// The version that is in force today.
    pub(crate) in_force: Option<Version>,
    /// The version that is being written. For the vendor.
    pub(crate) draft: Option<Version>,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A version of a plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanVersion)]
pub(crate) struct Version {
    /// Its id: what is earned names it.
    pub(crate) id: PlanVersionId,
    /// Counts the plan's versions, from 1.
    #[schema(example = 1)]
    pub(crate) no: i32,
    /// Whether it is a draft or published.
    #[schema(example = "published")]
    pub(crate) status: String,
    /// Sales from this day on.
    pub(crate) effective_from: NaiveDate,
    /// The last day; without end when `null`.
    pub(crate) effective_to: Option<NaiveDate>,
    /// What is paid for what. A partner doesn't see the budget, nor which other partners are named.
    #[schema(value_type = PlanSpec)]
    pub(crate) spec: Value,
    /// What it is about, or what has changed.
    pub(crate) note: Option<String>,
    /// Who published it. For the vendor.
    pub(crate) published_by: Option<UserId>,
    /// When.
    pub(crate) published_at: Option<DateTime<Utc>>,
}

/// Notes a day outside the years 1 to 9999, which neither the database nor its documents hold.
pub(crate) fn day(pointer: &str, day: NaiveDate, checks: &mut Checks) {
    let held = (1..=9999).contains(&day.year());
    checks.check(held, pointer, "date", "must be in the years 1 to 9999");
}

/// Reads a plan's terms found at `pointer`; notes every fault with its pointer in the body.
fn terms(pointer: &str, spec: &Value, checks: &mut Checks) -> Option<Terms> {
    match Terms::parse(spec) {
        Ok(terms) => Some(terms),
        Err(faults) => {
            for fault in faults {
                checks.refuse(format!("{pointer}{}", fault.pointer), fault.code, fault.message);
            }
            None
        }
    }
}

/// What a plan of these terms pays.
const fn kind_of(kind: guildhall_plans::PlanKind) -> Kind {
    match kind {
        guildhall_plans::PlanKind::Commission => Kind::Commission,
        guildhall_plans::PlanKind::Rebate => Kind::Rebate,
        guildhall_plans::PlanKind::Spiff => Kind::Spiff,
        guildhall_plans::PlanKind::Bonus => Kind::Bonus,
    }
}
