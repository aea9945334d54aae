//! Statements: what was owed to a payee at the beginning of a month, what came to it and was paid, and what is owed at the end.
//!
//! A statement is read off the ledger by the time of posting (UTC), so that it is the same each time it is asked for once
//! its month is over: what corrects a line is posted later, and stands in a later statement.

mod access;
mod balance;
mod billed;
mod billing;
mod credit_note;
mod csv;
mod get;
mod invoice;
mod list;
mod month;
mod pdf;
mod rows;
mod verify;
mod view;

use guildhall_spine::{App, http::Code};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::method::named;
pub(crate) use credit_note::number_credit_notes;
pub(crate) use verify::RULE;

/// The feature's own error codes.
mod code {
    use guildhall_spine::http::Code;

    /// More than one statement is of that payee and month.
    pub(super) const STATEMENT_AMBIGUOUS: Code = Code {
        name: "statement_ambiguous",
        status: 409,
        title: "Several statements are of this month",
    };
    /// Too many lines for one document.
    pub(super) const STATEMENT_TOO_LONG: Code = Code {
        name: "statement_too_long",
        status: 409,
        title: "The statement is too long for this format",
    };
    /// The vendor writes no invoice for this payout.
    pub(super) const NO_INVOICE: Code = Code {
        name: "no_invoice",
        status: 404,
        title: "The vendor writes no invoice for this payout",
    };
    /// What an invoice must say isn't known.
    pub(super) const INVOICE_INCOMPLETE: Code = Code {
        name: "invoice_incomplete",
        status: 409,
        title: "The invoice can't be drawn yet",
    };
}

/// The feature's own error codes, for the documentation.
pub(crate) const CODES: &[Code] = &[
    code::STATEMENT_AMBIGUOUS,
    code::STATEMENT_TOO_LONG,
    code::NO_INVOICE,
    code::INVOICE_INCOMPLETE,
];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_statements))
        .routes(routes!(get::get_statement))
        .routes(routes!(invoice::get_payout_invoice))
        .routes(routes!(credit_note::get_payout_credit_note))
}

named! {
    /// Where a line stood at the end of the period.
    StatementStatus {
        /// Earned, and not approved.
        Accrued = "accrued",
        /// Kept back.
        Held = "held",
        /// Approved, and resting until its day.
        Approved = "approved",
        /// Waits for the next payout, or is in one that hasn't left.
        Payable = "payable",
        /// In a payout that was sent.
        InTransit = "in_transit",
        /// Paid.
        Paid = "paid",
    }
}

named! {
    /// What happened to a payout.
    PayoutStep {
        /// It left; what it pays stays owed until it arrives, but for tax and fees.
        Sent = "sent",
        /// It arrived.
        Paid = "paid",
        /// It didn't leave after all.
        Failed = "failed",
        /// It came back.
        Returned = "returned",
    }
}
