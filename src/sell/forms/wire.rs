//! What the operations send.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealFormId, OrgId, ProgramId};
use serde::Serialize;
use utoipa::ToSchema;

use super::definition::Field;
use super::rows::ProgramForm;

/// A program by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealFormProgram)]
pub(super) struct Program {
    /// Its id.
    id: ProgramId,
    /// Its name.
    #[schema(example = "Partner program")]
    name: String,
    /// Whose program it is.
    vendor_id: OrgId,
    /// The vendor's name.
    #[schema(example = "Northwind Systems")]
    vendor_name: String,
}

/// What a program asks of a registration besides the fields that every deal has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealForm)]
pub(super) struct ShownForm {
    /// The program.
    program: Program,
    /// The id of this version; `null` while nothing was published.
    id: Option<DealFormId>,
    /// Its number in the program: 1 is the first, 0 stands for none. The `ETag` is made of it.
    #[schema(example = 3)]
    pub(super) version: i64,
    /// Its fields in order.
    fields: Vec<Field>,
    /// When it was published.
    published_at: Option<DateTime<Utc>>,
}

impl From<ProgramForm> for ShownForm {
    fn from(row: ProgramForm) -> Self {
        Self {
            program: Program {
                id: row.program_id,
                name: row.program_name,
                vendor_id: row.vendor_id,
                vendor_name: row.vendor_name,
            },
            id: row.form_id,
            version: row.no.unwrap_or(0).into(),
            fields: row.fields.map(|fields| fields.0).unwrap_or_default(),
            published_at: row.published_at,
        }
    }
}
