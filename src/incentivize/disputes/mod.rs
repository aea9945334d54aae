//! Disputes: a partner objects to a line of its earnings, both sides talk, and the vendor decides. An upheld dispute
//! proposes an adjustment, which another person approves; nothing is held by itself meanwhile.

mod access;
pub mod events;
mod get;
mod list;
mod message;
mod open;
mod reject;
mod rows;
pub(crate) mod sight;
mod told;
mod uphold;
mod view;
mod withdraw;

use guildhall_spine::{App, http::Code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub use told::open;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// A line has one open dispute.
    pub const DISPUTE_OPEN: Code = Code {
        name: "dispute_open",
        status: 409,
        title: "The line has an open dispute already",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::DISPUTE_OPEN];

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_disputes, open::open_dispute))
        .routes(routes!(get::get_dispute))
        .routes(routes!(message::answer_dispute))
        .routes(routes!(uphold::uphold_dispute))
        .routes(routes!(reject::reject_dispute))
        .routes(routes!(withdraw::withdraw_dispute))
}

/// Where a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DisputeStatus)]
pub enum Status {
    /// The vendor hasn't decided.
    Open,
    /// The partner was right: an adjustment is proposed.
    Upheld,
    /// The line stays as it is.
    Rejected,
    /// The partner took it back.
    Withdrawn,
}

impl Status {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Upheld => "upheld",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}
