//! Co-selling: an opportunity that a vendor and partners work on together.
//!
//! A partner is invited, shows interest and joins, each a step of its own. Before it has joined it reads a brief without
//! the people at the customer. Who has joined sees who else has; the vendor alone sees who was asked. A partner that
//! declined, left or was removed sees nothing any more.

mod access;
mod change;
mod close;
mod documents;
pub mod events;
mod export;
mod get;
mod invite;
mod list;
mod notes;
mod open;
mod opportunity;
mod plan;
mod reminder;
mod remove_document;
mod respond;
mod rows;
pub mod stage;
mod tasks;
mod team;
mod view;
mod watch;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub use open::open_for;
pub use reminder::{DUE as PLAN_TASK_DUE, TaskReminder};
pub use watch::WatchedCoSells;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// A deal has one open shared opportunity.
    pub const ALREADY_SHARED: Code = Code {
        name: "already_shared",
        status: 409,
        title: "The deal has an open shared opportunity already",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::ALREADY_SHARED];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_co_sells, open::open_co_sell))
        .routes(routes!(export::export_co_sells))
        .routes(routes!(get::get_co_sell, change::change_co_sell))
        .routes(routes!(invite::invite_to_co_sell))
        .routes(routes!(invite::remove_from_co_sell))
        .routes(routes!(respond::respond_to_co_sell))
        .routes(routes!(team::set_co_sell_team))
        .routes(routes!(close::close_co_sell))
        .routes(routes!(tasks::list_plan_tasks, tasks::add_plan_task))
        .routes(routes!(tasks::get_plan_task, tasks::change_plan_task))
        .routes(routes!(notes::list_co_sell_notes, notes::add_co_sell_note))
        .routes(routes!(
            documents::list_co_sell_documents,
            documents::add_co_sell_document
        ))
        .routes(routes!(remove_document::remove_co_sell_document))
}
