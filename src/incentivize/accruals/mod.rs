//! From sales to earnings.
//!
//! What is earned is always the difference between what should have been earned by now and what was posted: a refund, a
//! late or corrected deal, another share of the credit and a run that computes everything anew are one and the same
//! calculation, which posts what is missing and never rewrites a line. Nothing is posted twice by running it twice.

mod baseline;
pub(crate) mod book;
pub(crate) mod closing;
mod consumer;
mod facts;
mod faults;
mod fold;
mod settle;
pub(crate) mod simulation;
mod state;
mod won;
pub(crate) mod write;

use guildhall_spine::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use consumer::Accruals;
pub(crate) use facts::CLAIMED_PLAN;
pub(crate) use settle::{Work, settle};
pub use won::settle_won;

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(faults::list_accrual_faults))
}
