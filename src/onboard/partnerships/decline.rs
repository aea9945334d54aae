//! Declining a vendor's invitation.

use guildhall_kernel::{PartnershipId, entity};
use guildhall_spine::{
    access::{May, OrgKind, right},
    event,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PartnershipRecord, PartnershipStatus, events::PartnershipDeclined, illegal_move, rows};

/// Nothing to say but no.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnershipRefusal {}

impl Validate for PartnershipRefusal {
    fn validate(&self, _: &mut Checks) {}
}

/// Decline a vendor's invitation
///
/// For the partner's admins. The partnership is `ended`; the vendor hears that it was declined, and can invite anew.
#[utoipa::path(post, path = "/api/v1/partnerships/{id}/decline", operation_id = "declinePartnership", tag = "partnerships",
    security(("bearer" = ["organisation:manage"])),
    params(("id" = PartnershipId, Path, description = "the partnership"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = PartnershipRefusal, example = json!({})),
    responses((status = 200, description = "ended", body = PartnershipRecord, headers(("ETag" = String)))))]
pub(super) async fn decline_partnership(
    may: May<right::OrgManage>,
    PathId(id): PathId<entity::Partnership>,
    if_match: IfMatch,
    mut command: Command<PartnershipRefusal>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let record = rows::lock(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    if may.org.kind != OrgKind::Partner {
        let detail = "Only the partner declines the vendor's invitation: take it back by ending the partnership.";
        return Err(Problem::new(code::FORBIDDEN, detail));
    }
    if_match.check(record.version)?;
    if record.status != PartnershipStatus::Invited {
        return Err(illegal_move(record.status, &[]));
    }
    let record = rows::set_status(tx, may.org.id, id, PartnershipStatus::Ended).await?;
    let audience = [record.vendor.id.uuid(), record.partner.id.uuid()];
    let declined = PartnershipDeclined::from(&record);
    event::append(tx, &may.actor.origin(), id, &audience, &declined).await?;
    command.commit(Reply::ok(&record)?.version(record.version)).await
}
