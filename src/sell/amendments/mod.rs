//! Changes of an approved deal that the partner proposes and the vendor decides on. Until then the deal stands, protected,
//! as it was approved. Who the customer is can't be amended: that is another claim, and another registration.

mod approve;
mod close;
pub mod events;
mod propose;
mod proposed;
mod read;
mod rows;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub(crate) use rows::lapse;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// One open amendment a deal.
    pub const AMENDMENT_OPEN: Code = Code {
        name: "amendment_open",
        status: 409,
        title: "Another amendment of the deal waits for the vendor",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::AMENDMENT_OPEN];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list_deal_amendments, propose::propose_deal_amendment))
        .routes(routes!(read::get_deal_amendment))
        .routes(routes!(approve::approve_deal_amendment))
        .routes(routes!(close::reject_deal_amendment))
        .routes(routes!(close::withdraw_deal_amendment))
}
