//! The way in and out for other systems: outbound webhooks, CRM connectors, bulk import.

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
    OpenApiRouter::new().merge(webhooks::routes()).merge(imports::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    imports::CODES.to_vec()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [webhooks::EVENTS, imports::EVENTS].concat()
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    vec![Arc::new(webhooks::WebhookConsumer)]
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    Vec::new()
}

/// What of the pillar goes on in the background.
#[must_use]
pub fn workers() -> Vec<Arc<dyn Worker>> {
    vec![Arc::new(webhooks::Deliveries), Arc::new(imports::Imports)]
}

/// Where the pillar keeps sealed secrets.
#[must_use]
pub fn sealed_stores() -> Vec<Arc<dyn SealedStore>> {
    Vec::new()
}
