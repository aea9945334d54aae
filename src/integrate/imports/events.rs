//! What the feature announces, to the organisation.

use guildhall_kernel::{FileId, ImportId, OrgId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Import, Status};

/// The events of imports.
pub(super) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<FileAdded>(),
    EventDoc::of::<ImportCreated>(),
    EventDoc::of::<ImportProgressed>(),
    EventDoc::of::<ImportFinished>(),
    EventDoc::of::<ImportCancelled>(),
];

/// A file came to be imported.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct FileAdded {
    /// The file.
    pub(super) import_file_id: FileId,
    /// Its size in bytes.
    pub(super) size: i64,
}

impl Event for FileAdded {
    const KIND: &'static str = "import.file_added";
    const TOPIC: Topic = Topic::Imports;
}

/// An import right after a change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ImportFacts {
    /// The import.
    pub(super) import_id: ImportId,
    /// Whose it is.
    pub(super) organisation_id: OrgId,
    /// What its rows are.
    pub(super) kind: String,
    /// Whether rows are only looked at.
    pub(super) dry_run: bool,
    /// Where it is in its life.
    pub(super) status: Status,
    /// Rows that were looked at.
    pub(super) rows_read: i64,
    /// Rows with a fault.
    pub(super) rows_bad: i64,
    /// Rows that were imported.
    pub(super) rows_applied: i64,
    /// Its version.
    pub(super) version: i64,
}

impl ImportFacts {
    pub(super) fn new(org: OrgId, import: &Import) -> Self {
        Self {
            import_id: import.id,
            organisation_id: org,
            kind: import.kind.clone(),
            dry_run: import.dry_run,
            status: import.status,
            rows_read: import.rows_read,
            rows_bad: import.rows_bad,
            rows_applied: import.rows_applied,
            version: import.version,
        }
    }
}

macro_rules! import_events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub(super) struct $name(pub(super) ImportFacts);

        impl Event for $name {
            const KIND: &'static str = $kind;
            const TOPIC: Topic = Topic::Imports;
        }
    )*};
}

import_events! {
    /// Somebody asked for an import.
    ImportCreated = "import.created";
    /// An import has come further; at most one a second.
    ImportProgressed = "import.progressed";
    /// An import has ended by itself: finished, refused or failed.
    ImportFinished = "import.finished";
    /// Somebody stopped an import.
    ImportCancelled = "import.cancelled";
}
