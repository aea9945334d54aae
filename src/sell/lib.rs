//! Selling together: deal registration and the protection that it gives a partner.

pub mod api;
pub mod deals;

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
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    deals::CODES.to_vec()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    deals::EVENTS.to_vec()
}

/// The things of the pillar that have a live channel each.
#[must_use]
pub fn watchables() -> Vec<Arc<dyn Watchable>> {
    vec![Arc::new(deals::WatchedDeals)]
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(deals::bulk::ImportedDeals)]
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    Vec::new()
}
