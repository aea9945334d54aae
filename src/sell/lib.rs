//! Selling together: deal registration and the protection that it gives a partner.

pub mod api;
pub mod catalogue;
pub mod co_sell;
pub mod credit;
pub mod deals;
mod record;

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    live::Watchable,
    timer::Timer,
};
use utoipa_axum::router::OpenApiRouter;

/// The addresses of the pillar.
pub fn routes() -> OpenApiRouter<App> {
    deals::routes()
        .merge(catalogue::routes())
        .merge(credit::routes())
        .merge(co_sell::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    [deals::CODES, credit::CODES, co_sell::CODES].concat()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [deals::EVENTS, catalogue::EVENTS, credit::EVENTS, co_sell::EVENTS].concat()
}

/// The things of the pillar that have a live channel each.
#[must_use]
pub fn watchables() -> Vec<Arc<dyn Watchable>> {
    vec![Arc::new(deals::WatchedDeals), Arc::new(co_sell::WatchedCoSells)]
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    Vec::new()
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(co_sell::TaskReminder)]
}
