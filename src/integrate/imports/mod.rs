//! Bulk import: rows of a CSV file become records, whole files at a time or row by row.
//!
//! A file is sent first, then imported, as often as it takes: with a dry run, with another mapping. The work goes on in the
//! background in chunks; what became of a chunk and the place that was reached are one transaction, so that it goes on
//! where it stopped. A new kind of rows is a [`kind::RowKind`] in [`kind::KINDS`].

mod access;
mod cancel;
mod create;
mod create_file;
mod deals;
mod events;
mod fault_report;
mod get;
mod get_file;
mod kind;
mod leads;
mod list;
mod list_faults;
mod mapping;
mod partners;
mod products;
mod quota;
mod rows;
mod run;
mod sales;
mod stage;
mod table;
mod worker;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_kernel::{FileId, ImportId, UserId};
use guildhall_spine::{App, event::EventDoc, http::Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use worker::Imports;

/// What the feature announces.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;
/// The feature's own error codes.
pub(crate) const CODES: &[Code] = &[NOT_CSV];

/// The body isn't declared as CSV.
const NOT_CSV: Code = Code {
    name: "not_csv",
    status: 415,
    title: "The body must be text/csv",
};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_file::create_import_file))
        .routes(routes!(get_file::get_import_file))
        .routes(routes!(list::list_imports, create::create_import))
        .routes(routes!(get::get_import))
        .routes(routes!(cancel::cancel_import))
        .routes(routes!(list_faults::list_import_faults))
        .routes(routes!(fault_report::get_import_fault_report))
}

/// A file that was sent to be imported.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportFile {
    /// Its id.
    pub(crate) id: FileId,
    /// Its size in bytes.
    #[schema(example = 52_480)]
    pub(crate) size: i64,
    /// What stands between its cells.
    #[schema(example = ";")]
    pub(crate) delimiter: String,
    /// Its columns, by the names in its first row.
    #[schema(example = json!(["name", "country", "domain"]))]
    pub(crate) columns: Vec<String>,
    /// When it came.
    pub(crate) created_at: DateTime<Utc>,
}

/// What happens to good rows when others are bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ImportMode)]
pub(crate) enum Mode {
    /// All rows are imported, in one transaction, or none.
    AllOrNothing,
    /// Good rows are imported, bad ones reported.
    PerRow,
}

impl Mode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AllOrNothing => "all_or_nothing",
            Self::PerRow => "per_row",
        }
    }
}

/// Where an import is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, schemars::JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ImportStatus)]
pub(crate) enum Status {
    /// Nobody has begun yet.
    Queued,
    /// Rows are read.
    Running,
    /// All rows are good, and are being imported together.
    Applying,
    /// Done; bad rows are reported.
    Finished,
    /// Rows were bad, so nothing was imported.
    Refused,
    /// It broke off for another reason; `fault` says which.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Applying => "applying",
            Self::Finished => "finished",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// An import.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Import {
    /// Its id.
    pub(crate) id: ImportId,
    /// What its rows are.
    #[schema(example = "partners")]
    pub(crate) kind: String,
    /// What happens to good rows when others are bad.
    pub(crate) mode: Mode,
    /// Whether rows are only looked at.
    pub(crate) dry_run: bool,
    /// Whether people named in the rows get letters.
    pub(crate) invite: bool,
    /// The file.
    pub(crate) file_id: FileId,
    /// The column that each field is read from.
    #[schema(example = json!({"name": "Company", "country": "Country"}))]
    pub(crate) mapping: BTreeMap<String, String>,
    /// Columns of the file that nothing is read from.
    #[schema(example = json!(["Comment"]))]
    pub(crate) ignored_columns: Vec<String>,
    /// Where it is in its life.
    pub(crate) status: Status,
    /// Rows that were looked at.
    #[schema(example = 100)]
    pub(crate) rows_read: i64,
    /// Rows with a fault.
    #[schema(example = 2)]
    pub(crate) rows_bad: i64,
    /// Rows that were imported.
    #[schema(example = 98)]
    pub(crate) rows_applied: i64,
    /// Why it failed.
    #[schema(example = "the file can't be read")]
    pub(crate) fault: Option<String>,
    /// Who asked for it; `null` for an API key.
    pub(crate) created_by: Option<UserId>,
    /// Rises with every change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// When it was asked for.
    pub(crate) created_at: DateTime<Utc>,
    /// When it ended.
    pub(crate) finished_at: Option<DateTime<Utc>>,
}
