//! Incentives: plans, sales, earnings and the ledger.

mod adjustments;
mod bounds;
mod claims;
mod disputes;
mod earnings;
mod funds;
mod histories;
mod keyed;
mod ledger;
mod plans;
pub(crate) mod play;
mod reading;
mod runs;
mod sales;
mod terms;
