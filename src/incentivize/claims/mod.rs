//! Claims: what people did under a SPIFF that asks for proof. The vendor checks the proof; a verified claim is recorded as
//! an activity, and earns as any other does under the plan.

mod access;
mod claim;
pub mod events;
mod get;
mod list;
mod proof;
mod reject;
mod rows;
mod terms;
mod verify;
mod view;
mod withdraw;

use guildhall_spine::{App, http::Code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// A serial number, or a sale, is claimed once under a plan.
    pub const ALREADY_CLAIMED: Code = Code {
        name: "already_claimed",
        status: 409,
        title: "It was claimed under this plan already",
    };
    /// Who claimed it can't earn by it any more.
    pub const CLAIM_VOID: Code = Code {
        name: "claim_void",
        status: 409,
        title: "The claim can't be paid any more",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::ALREADY_CLAIMED, code::CLAIM_VOID];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_claims, claim::submit_claim))
        .routes(routes!(get::get_claim))
        .routes(routes!(verify::verify_claim))
        .routes(routes!(reject::reject_claim))
        .routes(routes!(withdraw::withdraw_claim))
}

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ClaimStatus)]
pub enum Status {
    /// The vendor hasn't checked it.
    Submitted,
    /// The vendor has seen the proof: it earns.
    Verified,
    /// It earns nothing.
    Rejected,
    /// It was taken back.
    Withdrawn,
}

impl Status {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Verified => "verified",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Why a claim earns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ClaimRejectedBecause)]
pub enum Because {
    /// Somebody else has it.
    Duplicate,
    /// The plan doesn't pay for it.
    NotEligible,
    /// The proof doesn't show it.
    ProofInsufficient,
    /// It came too late.
    OutOfTime,
    /// What the answer says.
    Other,
}

impl Because {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::NotEligible => "not_eligible",
            Self::ProofInsufficient => "proof_insufficient",
            Self::OutOfTime => "out_of_time",
            Self::Other => "other",
        }
    }
}
