//! Paying what was earned: where a partner is paid, batches of payouts, their execution and reconciliation.
//!
//! Money is paid once or stops for a person. A batch is proposed by one person and approved by another; what was approved
//! is sealed by a digest and executed as it was. The ledger moves in the same transaction as the state of a payout.

pub mod api;
mod batches;
mod codes;
mod conditions;
mod method;
mod payouts;
mod posting;
mod profiles;
mod reconcile;
mod secrets;
mod settings;
mod statements;
mod tax_rules;
mod told;
mod transfers;
pub mod verify;

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    identity::SealedStore,
    live::Watchable,
    timer::Timer,
    work::Worker,
};
use utoipa_axum::router::OpenApiRouter;

/// The addresses of the pillar.
pub fn routes() -> OpenApiRouter<App> {
    batches::routes()
        .merge(payouts::routes())
        .merge(profiles::routes())
        .merge(settings::routes())
        .merge(tax_rules::routes())
        .merge(reconcile::routes())
        .merge(transfers::routes())
        .merge(statements::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    [codes::CODES, statements::CODES].concat()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [
        batches::EVENTS,
        payouts::EVENTS,
        profiles::EVENTS,
        settings::EVENTS,
        tax_rules::EVENTS,
    ]
    .concat()
}

/// The things of the pillar that have a live channel each: none.
#[must_use]
pub fn watchables() -> Vec<Arc<dyn Watchable>> {
    Vec::new()
}

/// What of the pillar follows the event log: nothing.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    Vec::new()
}

/// What of the pillar answers deadlines: nothing.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    Vec::new()
}

/// What of the pillar goes on in the background.
#[must_use]
pub fn workers() -> Vec<Arc<dyn Worker>> {
    vec![Arc::new(transfers::Sender)]
}

/// Where the pillar keeps sealed secrets.
#[must_use]
pub fn sealed_stores() -> Vec<Arc<dyn SealedStore>> {
    vec![Arc::new(secrets::PayoutSecrets)]
}
