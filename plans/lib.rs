//! The arithmetic of incentive plans: what a plan is, whether it is sound, what a sale earns under it, and why.
//! No I/O, no clock, no randomness: the same plan and the same sales give the same figures for ever.
//!
//! Earnings are functions of totals, not of histories, so that what is owed by now is compared with what was posted:
//! [`Plan::contributions`] says what one sale adds for each payee, the caller sums that over a period, and
//! [`Plan::earned`] says what the sums are worth. `docs/incentives.md` explains each type of plan with figures.

mod arithmetic;
mod bands;
mod check;
mod conditions;
mod contest;
mod contribution;
mod earned;
mod exact;
mod explanation;
mod expression;
mod fault;
mod period;
mod plan;
mod read;
mod sale;
mod spec;

pub use contribution::Contribution;
pub use earned::{Band, Earned, EarnedStep, Next, Totals};
pub use exact::Exact;
pub use explanation::{Explanation, LineExplanation, PartExplanation, SaleLimit, SaleLimitKind};
pub use fault::{CalcFault, Fault};
pub use period::Period;
pub use plan::Plan;
pub use sale::{DealType, Party, Payee, Role, Sale, SaleLine, Trigger};
pub use spec::{
    Accelerator, AcceleratorBand, AcceleratorReward, AnnualTrueUp, Baseline, BonusSpec, Cap, CommissionSpec,
    CommonSpec, Contest, Eligible, Every, Floor, Goal, GoalBand, GoalBands, Measure, Mode, PayeeKind, PeriodSpec,
    PlanKind, PlanSpec, PlanTerms, Prize, Rate, RebateBand, RebateMeasure, RebateReward, RebateSpec, Rule, SpiffAmount,
    SpiffSpec, When,
};
