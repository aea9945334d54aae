//! Who takes part: accounts, organisations, their members and keys, and the partnerships between them.

mod accounts;
pub mod api;
mod api_keys;
mod invitations;
mod links;
mod members;
mod organisations;
mod partnerships;
mod programs;

use guildhall_spine::{App, event::EventDoc, http::Code};
use utoipa_axum::router::OpenApiRouter;

/// The operations of this pillar.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(accounts::routes())
        .merge(organisations::routes())
        .merge(members::routes())
        .merge(invitations::routes())
        .merge(api_keys::routes())
        .merge(partnerships::routes())
        .merge(programs::routes())
}

/// The error codes of this pillar.
#[must_use]
pub fn codes() -> Vec<Code> {
    [accounts::CODES, members::CODES, programs::CODES].concat()
}

/// The events of this pillar.
#[must_use]
pub fn events() -> Vec<EventDoc> {
    [
        accounts::EVENTS,
        organisations::EVENTS,
        members::EVENTS,
        invitations::EVENTS,
        api_keys::EVENTS,
        partnerships::EVENTS,
        programs::EVENTS,
    ]
    .concat()
}
