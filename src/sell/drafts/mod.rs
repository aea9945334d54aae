//! Registrations that are still being written: the partner's own, unchecked, and submitted once.

mod content;
mod delete;
pub mod events;
mod export;
mod read;
mod rows;
mod submit;
mod write;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// What was submitted is a deal now.
    pub const DRAFT_SUBMITTED: Code = Code {
        name: "draft_submitted",
        status: 409,
        title: "The draft was submitted already",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::DRAFT_SUBMITTED];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list_deal_drafts, write::create_deal_draft))
        .routes(routes!(export::export_deal_drafts))
        .routes(routes!(
            read::get_deal_draft,
            write::change_deal_draft,
            delete::delete_deal_draft
        ))
        .routes(routes!(submit::submit_deal_draft))
}
