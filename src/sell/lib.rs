//! Selling together: deal registration and the protection that it gives a partner.

pub mod amendments;
pub mod api;
pub mod attachments;
pub mod catalogue;
pub mod co_sell;
pub mod comments;
pub mod credit;
pub mod deals;
pub mod drafts;
pub mod forms;
pub mod leads;
pub mod pipeline;

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
        .merge(catalogue::routes())
        .merge(credit::routes())
        .merge(co_sell::routes())
        .merge(leads::routes())
        .merge(pipeline::routes())
}

/// The error codes of the pillar, for the documentation.
#[must_use]
pub fn codes() -> Vec<Code> {
    [
        deals::CODES,
        drafts::CODES,
        attachments::CODES,
        comments::CODES,
        amendments::CODES,
        credit::CODES,
        co_sell::CODES,
        leads::CODES,
        pipeline::CODES,
    ]
    .concat()
}

/// The events of the pillar, for the documentation.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    let mut events = [
        forms::EVENTS,
        drafts::EVENTS,
        attachments::EVENTS,
        comments::EVENTS,
        amendments::EVENTS,
        catalogue::EVENTS,
        credit::EVENTS,
        co_sell::EVENTS,
        pipeline::EVENTS,
    ]
    .concat();
    events.extend(deals::events());
    events.extend(leads::events());
    events
}

/// The things of the pillar that have a live channel each.
#[must_use]
pub fn watchables() -> Vec<Arc<dyn Watchable>> {
    vec![
        Arc::new(deals::WatchedDeals),
        Arc::new(co_sell::WatchedCoSells),
        Arc::new(leads::lead::watch::WatchedLeads),
    ]
}

/// What of the pillar follows the event log.
#[must_use]
pub fn consumers() -> Vec<Arc<dyn Consumer>> {
    let mut consumers = leads::consumers();
    consumers.push(Arc::new(pipeline::Folder));
    consumers.push(Arc::new(deals::bulk::ImportedDeals));
    consumers
}

/// What of the pillar answers deadlines.
#[must_use]
pub fn timers() -> Vec<Arc<dyn Timer>> {
    let mut timers = leads::timers();
    timers.extend(deals::timers());
    timers.push(Arc::new(co_sell::TaskReminder));
    timers
}
