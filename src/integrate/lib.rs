//! The way in and out for other systems: outbound webhooks, CRM connectors, bulk import.

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    identity::SealedStore,
    timer::Timer,
    work::Worker,
};
use utoipa_axum::router::OpenApiRouter;

/// The addresses of the pillar.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    Vec::new()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    Vec::new()
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    Vec::new()
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    Vec::new()
}

/// What of the pillar goes on in the background.
#[must_use]
pub fn workers() -> Vec<Arc<dyn Worker>> {
    Vec::new()
}

/// Where the pillar keeps sealed secrets.
#[must_use]
pub fn sealed_stores() -> Vec<Arc<dyn SealedStore>> {
    Vec::new()
}
