//! Paying what was earned: profiles, batches, execution, reconciliation.

mod batches;
mod execution;
mod profiles;
mod reconcile;
mod stripe;
mod till;
