//! Selling together: deal registration and the protection that it gives a partner.

pub mod amendments;
pub mod api;
pub mod attachments;
pub mod comments;
pub mod deals;
pub mod drafts;
pub mod forms;

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
        .merge(forms::routes())
        .merge(drafts::routes())
        .merge(attachments::routes())
        .merge(comments::routes())
        .merge(amendments::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    let mut codes = deals::CODES.to_vec();
    codes.extend(drafts::CODES);
    codes.extend(attachments::CODES);
    codes.extend(comments::CODES);
    codes.extend(amendments::CODES);
    codes
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    let mut events = deals::EVENTS.to_vec();
    events.extend_from_slice(forms::EVENTS);
    events.extend_from_slice(drafts::EVENTS);
    events.extend_from_slice(attachments::EVENTS);
    events.extend_from_slice(comments::EVENTS);
    events.extend_from_slice(amendments::EVENTS);
    events
}

/// The things of the pillar that have a live channel each.
#[must_use]
pub fn watchables() -> Vec<Arc<dyn Watchable>> {
    vec![Arc::new(deals::WatchedDeals)]
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
