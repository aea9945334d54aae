//! Paying what was earned: profiles, batches, execution, reconciliation.

mod bank;
mod batches;
mod crashes;
mod execution;
mod files;
mod invoices;
mod profiles;
mod reconcile;
mod resolve;
mod seal;
mod stripe;
mod stripe_events;
mod stub;
mod till;
