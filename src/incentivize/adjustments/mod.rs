//! Adjustments: lines that people put right by hand. One person of the vendor proposes, another approves, and only then
//! a line is posted, once.

mod access;
pub(crate) mod amount;
mod approve;
mod decide;
pub mod events;
mod get;
mod list;
mod propose;
mod rows;
mod told;
mod view;

use guildhall_spine::App;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub(crate) use propose::{Proposal, propose};
pub use told::{Correction, approve, make};

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_adjustments, propose::propose_adjustment))
        .routes(routes!(get::get_adjustment))
        .routes(routes!(approve::approve_adjustment))
        .routes(routes!(decide::decline_adjustment))
        .routes(routes!(decide::withdraw_adjustment))
}

/// Where an adjustment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = AdjustmentStatus)]
pub enum Status {
    /// It waits for another person.
    Proposed,
    /// Its line is posted.
    Approved,
    /// Another person didn't want it.
    Declined,
    /// The one who proposed it took it back.
    Withdrawn,
}

impl Status {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }
}
