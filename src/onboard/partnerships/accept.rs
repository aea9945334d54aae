//! Accepting a vendor's invitation.

use guildhall_kernel::{PartnershipId, entity};
use guildhall_spine::{
    access::{May, OrgKind, right},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PartnershipRecord, PartnershipStatus, illegal_move, publish_change, rows};

/// Nothing to say but yes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnershipAcceptance {}

impl Validate for PartnershipAcceptance {
    fn validate(&self, _: &mut Checks) {}
}

/// Accept a vendor's invitation
///
/// For the partner's admins. The partnership is active from now on.
#[utoipa::path(post, path = "/api/v1/partnerships/{id}/accept", operation_id = "acceptPartnership", tag = "partnerships",
    security(("bearer" = ["organisation:manage"])),
    params(("id" = PartnershipId, Path, description = "the partnership"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = PartnershipAcceptance, example = json!({})),
    responses((status = 200, description = "active", body = PartnershipRecord, headers(("ETag" = String)))))]
pub(super) async fn accept_partnership(
    may: May<right::OrgManage>,
    PathId(id): PathId<entity::Partnership>,
    if_match: IfMatch,
    mut command: Command<PartnershipAcceptance>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let record = rows::lock(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    if may.org.kind != OrgKind::Partner {
        return Err(Problem::new(
            code::FORBIDDEN,
            "Only the partner accepts the vendor's invitation.",
        ));
    }
    if_match.check(record.version)?;
    if record.status != PartnershipStatus::Invited {
        return Err(illegal_move(record.status, &[]));
    }
    let record = rows::set_status(tx, may.org.id, id, PartnershipStatus::Active).await?;
    publish_change(tx, &may.actor.origin(), &record).await?;
    command.commit(Reply::ok(&record)?.version(record.version)).await
}
