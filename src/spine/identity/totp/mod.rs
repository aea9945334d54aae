//! The second factor: time-based codes (RFC 6238) and recovery codes.

mod accept;
mod codes;
mod confirm;
mod disable;
mod lock;
mod notice;
mod recovery;
mod start;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(super) use accept::{Outcome, Proof, Trial, accept};
pub(super) use codes::purpose;
pub(super) use lock::locked;
pub use lock::unlock_second_factor;

use crate::{
    App,
    http::{Problem, code},
};

/// The operations.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(start::start))
        .routes(routes!(confirm::confirm))
        .routes(routes!(recovery::replace))
        .routes(routes!(disable::disable))
}

/// Codes for the day that the authenticator is lost. They are shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct RecoveryCodes {
    /// Each is good for one log-in; upper and lower case and dashes don't matter.
    #[schema(example = json!(["7KQM-2XPA-9D4T-HV6C", "N3WJ-RZ8E-5QYB-1FTG"]))]
    recovery_codes: Vec<String>,
}

fn wrong_code() -> Problem {
    Problem::field(
        "/code",
        "wrong",
        "is wrong or was used already: wait for the authenticator's next one",
    )
}

fn not_on() -> Problem {
    Problem::new(
        code::ILLEGAL_MOVE,
        "The second factor is off: start it with POST /api/v1/auth/totp.",
    )
}
