//! Who gets the credit for a deal: partner by role by share.
//!
//! Until something is agreed, the partner that registered the deal has all of it. An agreement is proposed by the vendor
//! or a partner in the deal and in force once everyone whom it concerns has signed. When the deal is won, what is in force
//! is locked: earnings are made of it, and only a further agreement that all sign changes it, as another revision.

mod access;
mod answer;
pub mod events;
mod get;
mod lock;
mod program;
mod propose;
mod rows;
pub mod rules;
mod stored;
mod view;

use guildhall_kernel::OrgId;
use guildhall_spine::{App, http::Code};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub(crate) use lock::lock_credit;
pub use lock::{InForce, credit_of, set_by_decision};
pub use view::{AgreementStatus, Source};

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// One proposal at a time of each side.
    pub const PROPOSAL_OPEN: Code = Code {
        name: "proposal_open",
        status: 409,
        title: "An earlier proposal of the same side is still open",
    };
    /// What was locked at the close takes an agreement.
    pub const CREDIT_LOCKED: Code = Code {
        name: "credit_locked",
        status: 409,
        title: "The credit was locked when the deal was won",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::PROPOSAL_OPEN, code::CREDIT_LOCKED];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get::get_deal_credit, propose::propose_credit))
        .routes(routes!(get::get_credit_agreement))
        .routes(routes!(answer::accept_credit))
        .routes(routes!(answer::decline_credit))
        .routes(routes!(answer::withdraw_credit))
        .routes(routes!(program::get_credit_rules, program::change_credit_rules))
}

/// What a partner did for a deal.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CreditRole {
    /// Found the customer.
    Sourced,
    /// Swayed the customer.
    Influenced,
    /// Sold and delivered.
    Fulfilled,
    /// Put it to work and keeps it so.
    Serviced,
}

impl CreditRole {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sourced => "sourced",
            Self::Influenced => "influenced",
            Self::Fulfilled => "fulfilled",
            Self::Serviced => "serviced",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Sourced, Self::Influenced, Self::Fulfilled, Self::Serviced]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// A partner's part in a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Share {
    /// The partner.
    pub partner_id: OrgId,
    /// What it did.
    pub role: CreditRole,
    /// More than 0 and at most 100, with two decimals; those of a role sum to 100.
    #[schemars(with = "String")]
    pub percent: Decimal,
}
