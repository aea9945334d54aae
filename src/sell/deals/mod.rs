//! Deal registration: a partner claims a customer for a vendor's products, and the vendor grants or refuses the claim.
//!
//! Both sides use the same addresses and see their own deals only. A partner learns how seriously its registration
//! conflicts with another one, and never with whose.

mod access;
mod approve;
mod change;
pub(crate) mod close;
pub mod conflict;
mod conflicts;
pub mod customer;
mod decide;
pub(crate) mod draft;
pub mod events;
mod find_conflicts;
mod get;
mod list;
mod pages;
pub(crate) mod register;
mod reject;
mod request_info;
pub(crate) mod revise;
pub(crate) mod rows;
pub mod state;
mod stored;
mod submit;
mod view;
mod watch;
pub(crate) mod wire;
mod withdraw;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub use watch::WatchedDeals;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// Another partner holds the approved registration for the customer's domain.
    pub const CUSTOMER_PROTECTED: Code = Code {
        name: "customer_protected",
        status: 409,
        title: "Another partner holds an approved registration for this customer",
    };
    /// The partner's place in the program has to be active before its claim is granted.
    pub const PARTNERSHIP_NOT_ACTIVE: Code = Code {
        name: "partnership_not_active",
        status: 409,
        title: "The partner is not active in the vendor's program",
    };
    /// The approval has to name the approved registrations that it conflicts with.
    pub const UNACKNOWLEDGED_CONFLICTS: Code = Code {
        name: "unacknowledged_conflicts",
        status: 409,
        title: "The deal conflicts with approved registrations that the approval does not acknowledge",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[
    code::CUSTOMER_PROTECTED,
    code::PARTNERSHIP_NOT_ACTIVE,
    code::UNACKNOWLEDGED_CONFLICTS,
];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_deals, submit::submit_deal))
        .routes(routes!(get::get_deal, change::change_deal))
        .routes(routes!(conflicts::list_deal_conflicts))
        .routes(routes!(approve::approve_deal))
        .routes(routes!(reject::reject_deal))
        .routes(routes!(request_info::request_deal_info))
        .routes(routes!(withdraw::withdraw_deal))
        .routes(routes!(close::close_deal))
}
