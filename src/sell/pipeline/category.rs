//! How surely a deal is counted on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The commit category of a forecast, from the least to the most certain; what is omitted is in no forecast sum.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CommitCategory)]
pub enum Category {
    /// It is worked on.
    Pipeline,
    /// It may come off.
    BestCase,
    /// It is promised.
    Commit,
    /// It is left out.
    Omitted,
}

impl Category {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pipeline => "pipeline",
            Self::BestCase => "best_case",
            Self::Commit => "commit",
            Self::Omitted => "omitted",
        }
    }
}
