use guildhall_kernel::FileId;
use guildhall_spine::{
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AttachmentFacts, DealAttachmentAdded, fault, list, put, sides};
use crate::deals::access::WorkedDeal;
use crate::deals::history::{Entry, note};

/// Which file.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealAttachmentDraft)]
pub(super) struct Addition {
    /// A file that your organisation sent: `POST /api/v1/files`.
    file_id: FileId,
}

impl Validate for Addition {
    fn validate(&self, _: &mut Checks) {}
}

/// Attach a file to a deal
///
/// Both sides of the deal read it from then on. A partner needs deals:submit for it, a vendor deals:decide. At most 50
/// files with 250 MiB together. One that is attached already stays so.
#[utoipa::path(post, path = "/api/v1/deals/{id}/attachments", operation_id = "addDealAttachment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Addition, example = json!({"file_id": "file_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 201, description = "the file on the deal", body = list::Attachment, headers(
        ("Location" = String, description = "where to read it")))))]
pub(super) async fn add_deal_attachment(
    WorkedDeal(deal): WorkedDeal,
    command: Command<Addition>,
) -> Result<Reply, Problem> {
    let (addition, mut command) = command.take();
    let tx = &mut command.tx;
    let sides = sides(tx, deal.id).await?;
    let put = match put(tx, addition.file_id, deal.org, sides).await {
        Ok(put) => put,
        Err(refused) => return Err(Problem::fields(vec![fault(refused, "/file_id".to_owned())?])),
    };
    if let Some(file) = put {
        let origin = deal.actor.origin();
        let entry = Entry {
            said: Some(&file.name),
            ..Entry::of("attachment_added").about(file.id)
        };
        note(tx, deal.id, &origin, entry).await?;
        let facts = AttachmentFacts {
            deal_id: deal.id,
            vendor_id: sides.vendor,
            partner_id: sides.partner,
            file_id: file.id,
            name: file.name,
        };
        let audiences = [sides.vendor.uuid(), sides.partner.uuid()];
        event::append(tx, &origin, deal.id, &audiences, &DealAttachmentAdded(facts)).await?;
    }
    let shown = list::one(tx, deal.id, addition.file_id).await?;
    let location = format!("/api/v1/files/{}", addition.file_id);
    command.commit(Reply::created(&location, &shown)?).await
}
