//! The way in and out for other systems: outbound webhooks, CRM connectors, bulk import.

pub mod crm;

use std::sync::Arc;

use guildhall_spine::{
    App,
    event::{Consumer, EventDoc},
    http::Code,
    timer::Timer,
    work::Worker,
};
use utoipa_axum::router::OpenApiRouter;

/// The addresses of the pillar.
pub fn routes() -> OpenApiRouter<App> {
    crm::routes()
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    crm::CODES.to_vec()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    crm::EVENTS.to_vec()
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(crm::CrmFollower)]
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(crm::PollTimer), Arc::new(crm::DriftTimer)]
}

/// What of the pillar goes on in the background.
#[must_use]
pub fn workers() -> Vec<Arc<dyn Worker>> {
    vec![Arc::new(crm::CrmWorker)]
}
