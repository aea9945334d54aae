//! Programs: each of a vendor's has its own terms, and each partnership stands in one.

mod change;
mod create;
mod events;
mod get;
mod list;
pub(crate) mod rows;

use chrono::{DateTime, Utc};
use guildhall_kernel::ProgramId;
use guildhall_spine::{
    App,
    event::EventDoc,
    http::{Checks, Code, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::organisations::NamedOrganisation;

/// The feature's own error codes.
mod code {
    use guildhall_spine::http::Code;

    pub(super) const PROGRAM_IN_USE: Code = Code {
        name: "program_in_use",
        status: 409,
        title: "The program can't be archived while it is in use",
    };
}

/// The error codes of programs.
pub(crate) const CODES: &[Code] = &[code::PROGRAM_IN_USE];

/// The events of programs.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_programs, create::create_program))
        .routes(routes!(get::get_program, change::change_program))
}

/// A vendor's program.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Program)]
pub(crate) struct ProgramRecord {
    /// Its id.
    pub(crate) id: ProgramId,
    /// Whose program.
    pub(crate) vendor: NamedOrganisation,
    /// Its name, unique among the vendor's programs.
    #[schema(example = "Resellers EMEA")]
    pub(crate) name: String,
    /// Whether partnerships stand in it unless another is named.
    pub(crate) is_default: bool,
    /// When it was archived: nobody joins it any more.
    pub(crate) archived_at: Option<DateTime<Utc>>,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// When it was made.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was changed last.
    pub(crate) updated_at: DateTime<Utc>,
}

fn check_name(checks: &mut Checks, name: &str) {
    checks.text("/name", name.trim(), 1, 100, false);
}

/// A name that another program has is a fault of the field.
fn named(error: sqlx::Error) -> Problem {
    if error.as_database_error().and_then(|fault| fault.constraint()) == Some("program_name") {
        return Problem::field(
            "/name",
            "taken",
            "must be another name: one of your programs has this one",
        );
    }
    error.into()
}
