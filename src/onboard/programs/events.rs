//! What programs publish, to the vendor.

use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::ProgramRecord;

/// The events of programs.
pub(super) const EVENTS: &[EventDoc] = &[EventDoc::of::<ProgramCreated>(), EventDoc::of::<ProgramChanged>()];

macro_rules! programs {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub(super) struct $name {
            /// The program.
            program_id: ProgramId,
            /// Whose.
            vendor_id: OrgId,
            /// Its name now.
            name: String,
            /// Whether it is archived now.
            archived: bool,
            /// The record's version now.
            version: i64,
        }

        impl From<&ProgramRecord> for $name {
            fn from(record: &ProgramRecord) -> Self {
                Self {
                    program_id: record.id,
                    vendor_id: record.vendor.id,
                    name: record.name.clone(),
                    archived: record.archived_at.is_some(),
                    version: record.version,
                }
            }
        }

        impl Event for $name {
            const KIND: &'static str = $kind;
            const TOPIC: Topic = Topic::Programs;
        }
    )*};
}

programs! {
    /// A vendor has made a program.
    ProgramCreated = "program.created";
    /// The name is another one, or the program was archived or taken up again.
    ProgramChanged = "program.changed";
}
