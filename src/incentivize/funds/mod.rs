//! Funds of market development money: what a vendor sets aside for a period, and what partners may ask for of it.
//!
//! The money goes budget -> available to a partner -> reserved -> reimbursed, each step an entry of the ledger, and no
//! account of it goes below zero. What is reimbursed is an earning too, so that it is paid like any other.

mod access;
mod allocate;
mod balances;
mod change;
mod create;
pub mod events;
mod expire;
mod get;
mod list;
mod moves;
mod reimburse;
mod release;
mod reservations;
mod reserve;
mod rows;
mod verify;
mod view;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub use expire::FundTimer;
pub use moves::{Promise, reimburse, release, reserve};
pub use verify::RULES;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// There is not as much.
    pub const FUND_EXHAUSTED: Code = Code {
        name: "fund_exhausted",
        status: 409,
        title: "The fund has not as much left",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::FUND_EXHAUSTED];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_funds, create::create_fund))
        .routes(routes!(get::get_fund, change::change_fund))
        .routes(routes!(balances::list_fund_balances))
        .routes(routes!(reservations::list_fund_reservations))
        .routes(routes!(reservations::get_fund_reservation))
        .routes(routes!(allocate::allocate_fund))
        .routes(routes!(reserve::reserve_fund))
        .routes(routes!(release::release_fund))
        .routes(routes!(reimburse::reimburse_fund))
}
