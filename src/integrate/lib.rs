//! The way in and out for other systems: outbound webhooks, CRM connectors, bulk import.

pub mod crm;
mod imports;
mod webhooks;

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
    crm::routes().merge(webhooks::routes()).merge(imports::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    [crm::CODES, imports::CODES].concat()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [crm::EVENTS, webhooks::EVENTS, imports::EVENTS].concat()
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(crm::CrmFollower), Arc::new(webhooks::WebhookConsumer)]
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    vec![Arc::new(crm::PollTimer), Arc::new(crm::DriftTimer)]
}

/// What of the pillar goes on in the background.
#[must_use]
pub fn workers() -> Vec<Arc<dyn Worker>> {
    vec![
        Arc::new(crm::CrmWorker),
        Arc::new(webhooks::Deliveries),
        Arc::new(imports::Imports),
    ]
}

/// Where the pillar keeps sealed secrets.
#[must_use]
pub fn sealed_stores() -> Vec<Arc<dyn SealedStore>> {
    vec![Arc::new(crm::CrmCredentials), Arc::new(webhooks::WebhookSecrets)]
}
