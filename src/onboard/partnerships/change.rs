//! Changing status, tier, program and account manager.

use guildhall_kernel::{PartnershipId, Patch, ProgramId, UserId, entity};
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{PartnershipRecord, PartnershipStatus, Tier, illegal_move, publish_change, rows};
use crate::{invitations, members, programs};

/// What to change; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnershipChange {
    /// `suspended`, `active` again, or `ended`.
    #[serde(default)]
    #[schema(value_type = PartnershipStatus)]
    status: Patch<PartnershipStatus>,
    /// The program level.
    #[serde(default)]
    #[schema(value_type = Tier)]
    tier: Patch<Tier>,
    /// One of the vendor's programs that isn't archived. Deals keep the program that they were registered in.
    #[serde(default)]
    #[schema(value_type = ProgramId)]
    program_id: Patch<ProgramId>,
    /// A member of the vendor; `null` for nobody.
    #[serde(default)]
    #[schema(value_type = Option<UserId>)]
    account_manager_id: Patch<UserId>,
}

impl Validate for PartnershipChange {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/status", &self.status);
        checks.kept("/tier", &self.tier);
        checks.kept("/program_id", &self.program_id);
    }
}

/// Change a partnership
///
/// For the vendor. `active` and `suspended` go either way, both can be `ended`; an invitation can be ended, and only
/// the partner makes it `active`.
#[utoipa::path(patch, path = "/api/v1/partnerships/{id}", operation_id = "changePartnership", tag = "partnerships",
    security(("bearer" = ["partnerships:manage"])),
    params(("id" = PartnershipId, Path, description = "the partnership"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = PartnershipChange, example = json!({"tier": "gold"})),
    responses((status = 200, description = "the partnership as it is now", body = PartnershipRecord, headers(("ETag" = String)))))]
pub(super) async fn change_partnership(
    may: May<right::PartnershipManage>,
    PathId(id): PathId<entity::Partnership>,
    if_match: IfMatch,
    mut command: Command<PartnershipChange>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    let vendor = may.org.id;
    let record = rows::lock(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(record.version)?;
    let status = command.body.status.clone().or(record.status);
    let tier = command.body.tier.clone().or(record.tier);
    let program = command.body.program_id.clone().or(record.program_id);
    let manager_now = record.account_manager.as_ref().map(|manager| manager.id);
    let manager = command.body.account_manager_id.clone().over(manager_now);
    if (status, tier, program, manager) == (record.status, record.tier, record.program_id, manager_now) {
        return command.commit(Reply::ok(&record)?.version(record.version)).await;
    }
    let moves = record.status.moves();
    if moves.is_empty() || (status != record.status && !moves.contains(&status)) {
        return Err(illegal_move(record.status, moves));
    }
    if let Some(user) = manager.filter(|_| manager != manager_now)
        && !members::is_member(tx, vendor, user).await?
    {
        return Err(Problem::field(
            "/account_manager_id",
            "not_found",
            "must be a member of your organisation",
        ));
    }
    if program != record.program_id && !programs::rows::is_open(tx, vendor, program).await? {
        let message = "must be a program of yours that is not archived: GET /api/v1/programs lists them";
        return Err(Problem::field("/program_id", "not_found", message));
    }
    if (record.status, status) == (PartnershipStatus::Invited, PartnershipStatus::Ended) {
        invitations::take_back_founding(tx, &may.actor.origin(), record.partner.id).await?;
    }
    let record = rows::update(tx, vendor, id, status, (tier, program), manager).await?;
    publish_change(tx, &may.actor.origin(), &record).await?;
    command.commit(Reply::ok(&record)?.version(record.version)).await
}
