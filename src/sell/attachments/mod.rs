//! Files on a deal, for both of its sides to read.

mod add;
mod list;
mod remove;

use guildhall_kernel::{DealId, FileId, OrgId};
use guildhall_spine::{
    App,
    access::Permission,
    db::Tx,
    event::{Event, EventDoc, Topic},
    files::{Attached, Attaching, Refused, attach},
    http::{Code, FieldError, Problem},
};
use schemars::JsonSchema;
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// How many files a deal may have.
const MOST_FILES: i64 = 50;
/// How many bytes they may have together: 250 MiB.
const MOST_BYTES: i64 = 250 * 1024 * 1024;

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// An answer to the deal's form is this file.
    pub const FILE_IN_USE: Code = Code {
        name: "file_in_use",
        status: 409,
        title: "The file is an answer to the deal's form",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[code::FILE_IN_USE];

/// A file of a deal, as both sides may know it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AttachmentFacts {
    /// The deal.
    pub deal_id: DealId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// Who claims the customer.
    pub partner_id: OrgId,
    /// The file.
    pub file_id: FileId,
    /// Its name.
    pub name: String,
}

/// One side put a file on a deal.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealAttachmentAdded(pub AttachmentFacts);

impl Event for DealAttachmentAdded {
    const KIND: &'static str = "deal.attachment_added";
    const TOPIC: Topic = Topic::Deals;
}

/// The side that had put a file on a deal took it away.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealAttachmentRemoved(pub AttachmentFacts);

impl Event for DealAttachmentRemoved {
    const KIND: &'static str = "deal.attachment_removed";
    const TOPIC: Topic = Topic::Deals;
}

/// What the feature announces, for the documentation.
pub const EVENTS: &[EventDoc] = &[
    EventDoc::of::<DealAttachmentAdded>(),
    EventDoc::of::<DealAttachmentRemoved>(),
];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_deal_attachments, add::add_deal_attachment))
        .routes(routes!(remove::remove_deal_attachment))
}

/// The two sides of a deal that is locked.
#[derive(Clone, Copy, Debug)]
struct Sides {
    deal: DealId,
    vendor: OrgId,
    partner: OrgId,
}

/// Locks the deal and returns its sides.
async fn sides(tx: &mut Tx, deal: DealId) -> Result<Sides, Problem> {
    let row = sqlx::query!(
        r#"SELECT vendor_id AS "vendor: OrgId", partner_id AS "partner: OrgId" FROM deal WHERE id = $1 FOR NO KEY UPDATE"#,
        deal.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    Ok(Sides {
        deal,
        vendor: row.vendor,
        partner: row.partner,
    })
}

/// Attaches a file of `org` to a deal that this transaction has locked or made.
async fn put(tx: &mut Tx, file: FileId, org: OrgId, sides: Sides) -> Result<Option<Attached>, Refused> {
    let readers = [sides.vendor, sides.partner];
    let to = Attaching {
        org,
        subject: sides.deal.into(),
        readers: &readers,
        needs: Permission::DealRead,
        most_files: MOST_FILES,
        most_bytes: MOST_BYTES,
    };
    attach(tx, file, &to).await
}

/// Why a file that is named at `pointer` was refused.
fn fault(refused: Refused, pointer: String) -> Result<FieldError, Problem> {
    let (code, message) = match refused {
        Refused::Failed(problem) => return Err(problem),
        Refused::Unknown => (
            "unknown_file",
            "must be the id of a file that your organisation sent and that is attached to nothing else",
        ),
        Refused::Full => (
            "too_many_files",
            "is one too many: a deal may have 50 files with 250 MiB together",
        ),
    };
    Ok(FieldError {
        pointer,
        code,
        message: message.to_owned(),
    })
}

/// Attaches the files that answer the form of a deal, which this transaction has locked or made.
///
/// # Errors
/// 422 with the answers that are no file of the partner's.
pub(crate) async fn attach_answers(
    tx: &mut Tx,
    deal: DealId,
    vendor: OrgId,
    partner: OrgId,
    files: &[(String, FileId)],
) -> Result<(), Problem> {
    let sides = Sides { deal, vendor, partner };
    let mut faults = Vec::new();
    for (key, file) in files {
        if let Err(refused) = put(tx, *file, partner, sides).await {
            faults.push(fault(refused, format!("/custom/{key}"))?);
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Problem::fields(faults))
}
