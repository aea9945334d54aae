//! Sales: what earnings are made of. Won deals come from the event log, invoices and activities by the API and by CSV.
//!
//! A sale is never deleted: what became of it is recorded as a refund, a chargeback, or a chargeback that was won, and
//! what was earned by it follows.

mod access;
pub(crate) mod deals;
mod draft;
pub mod events;
mod get;
mod ids;
mod list;
mod pay;
mod record;
mod reverse;
pub(crate) mod rows;
mod view;

use guildhall_spine::{App, http::Code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use draft::{CheckedSale, LineDraft, PartyDraft, SaleDraft};
pub use events::EVENTS;
pub use record::{TakenIn, take_in};
pub use rows::{Surroundings, recorded_references, surroundings};

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// More was to be taken back than is left.
    pub const EXCEEDS_SALE: Code = Code {
        name: "exceeds_sale",
        status: 409,
        title: "More is taken back than is left of the sale",
    };
    /// A chargeback can be won once.
    pub const NOT_CHARGED_BACK: Code = Code {
        name: "not_charged_back",
        status: 409,
        title: "There is no such chargeback to be won",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::EXCEEDS_SALE, code::NOT_CHARGED_BACK];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sales, record::record_sale))
        .routes(routes!(get::get_sale))
        .routes(routes!(pay::record_payment))
        .routes(routes!(reverse::record_reversal))
}

/// What a sale is made of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = SaleKind)]
pub enum Kind {
    /// A deal that was won here.
    Deal,
    /// An invoice to a customer.
    Invoice,
    /// Something that a partner or a person did.
    Activity,
}

impl Kind {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deal => "deal",
            Self::Invoice => "invoice",
            Self::Activity => "activity",
        }
    }
}

/// What became of a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ReversalKind {
    /// The customer got money back.
    Refund,
    /// The customer's bank took money back.
    Chargeback,
    /// What the bank had taken came back.
    ChargebackWon,
}

impl ReversalKind {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refund => "refund",
            Self::Chargeback => "chargeback",
            Self::ChargebackWon => "chargeback_won",
        }
    }
}

/// What kind of business it is.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = SaleDealType)]
pub enum DealType {
    /// A new customer.
    #[default]
    New,
    /// A customer stays.
    Renewal,
    /// A customer buys more.
    Expansion,
}

impl DealType {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renewal => "renewal",
            Self::Expansion => "expansion",
        }
    }
}

/// A part in a sale.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = SaleRole)]
pub enum Role {
    /// Found the customer.
    Sourced,
    /// Swayed the customer.
    Influenced,
    /// Sold and delivered.
    Fulfilled,
    /// Put it to work and keeps it so.
    Serviced,
    /// Supplied the reseller.
    Distributed,
}

impl Role {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sourced => "sourced",
            Self::Influenced => "influenced",
            Self::Fulfilled => "fulfilled",
            Self::Serviced => "serviced",
            Self::Distributed => "distributed",
        }
    }
}
