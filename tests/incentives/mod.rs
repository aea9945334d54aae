//! Incentives: plans, sales, earnings and the ledger.

mod adjustments;
mod claims;
mod disputes;
mod earnings;
mod funds;
mod keyed;
mod ledger;
mod plans;
pub(crate) mod play;
mod runs;
mod sales;
