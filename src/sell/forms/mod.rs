//! Registration forms: what a vendor's program asks of a deal besides the fields that every deal has.
//!
//! A form is published as a whole and never changed; the next version is another row. A deal keeps the version that it
//! was registered with: its answers are shown and changed by that one.

pub(crate) mod answers;
pub(crate) mod definition;
mod field;
mod publish;
mod read;
pub(crate) mod rows;
mod wire;

use guildhall_spine::{App, event::EventDoc};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use publish::DealFormPublished;

/// What the feature announces, for the documentation.
pub const EVENTS: &[EventDoc] = &[EventDoc::of::<DealFormPublished>()];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list_deal_forms))
        .routes(routes!(read::get_deal_form, publish::publish_deal_form))
        .routes(routes!(read::get_form_of_deal))
}
