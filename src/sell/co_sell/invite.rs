use guildhall_kernel::OrgId;
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Joined;
use super::change::{answer, refuse_closed};
use super::events::{self, CoSellInvited, CoSellRemoved, PartyNow};
use super::rows;
use super::stage::{Stage, Step};
use super::view::CoSell;

/// Whom it is about, and what is said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellInvitation)]
pub(super) struct Invitation {
    /// An active partner of the vendor's program.
    partner_id: OrgId,
    /// For it, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for Invitation {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

/// Invite a partner
///
/// By the vendor. The partner reads the brief and shows interest or declines. Who declined, left or was removed can be
/// invited again.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/invite", operation_id = "inviteToCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Invitation, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "note": "You know the site."})),
    responses((status = 200, description = "the shared opportunity", body = CoSell, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn invite_to_co_sell(
    Joined(seen): Joined,
    if_match: IfMatch,
    command: Command<Invitation>,
) -> Result<Reply, Problem> {
    seen.refuse_partners()?;
    let (invitation, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, _) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    refuse_closed(locked.status)?;
    let partner = invitation.partner_id;
    if active_partnership(tx, seen.vendor, partner).await?.is_none() {
        let message = "must be an active partner: GET /api/v1/partnerships lists them";
        return Err(Problem::field("/partner_id", "unknown_partner", message));
    }
    let was = rows::stage(tx, seen.id, partner).await?;
    let stage = Step::Invite.from(was).ok_or_else(|| {
        let stage = was.map_or("unknown", Stage::as_str);
        Problem::new(code::ILLEGAL_MOVE, format!("The partner is {stage} already."))
    })?;
    rows::set_stage(tx, seen.id, partner, stage, invitation.note.as_deref()).await?;
    let version = rows::touch(tx, seen.id).await?.version;
    let invited = CoSellInvited(party(&seen, partner, stage, version));
    let audience = [seen.vendor.uuid(), partner.uuid()];
    event::append(tx, &seen.actor.origin(), seen.id, &audience, &invited).await?;
    answer(command, seen.org, seen.id).await
}

/// Take a partner off
///
/// By the vendor. The partner sees nothing of the opportunity any more.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/remove", operation_id = "removeFromCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Invitation, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 200, description = "the shared opportunity", body = CoSell, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn remove_from_co_sell(
    Joined(seen): Joined,
    if_match: IfMatch,
    command: Command<Invitation>,
) -> Result<Reply, Problem> {
    seen.refuse_partners()?;
    let (removal, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, _) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    let partner = removal.partner_id;
    let was = rows::stage(tx, seen.id, partner).await?;
    let stage = Step::Remove.from(was).filter(|_| partner != seen.vendor);
    let message = "must be a partner that has a part in the opportunity";
    let stage = stage.ok_or_else(|| Problem::field("/partner_id", "unknown_partner", message))?;
    let mut audience = match was {
        Some(Stage::Joined) => events::joined(tx, seen.id).await?,
        _ => vec![seen.vendor.uuid()],
    };
    // It hears of its own end even while it is suspended.
    if !audience.contains(&partner.uuid()) {
        audience.push(partner.uuid());
    }
    rows::set_stage(tx, seen.id, partner, stage, removal.note.as_deref()).await?;
    let version = rows::touch(tx, seen.id).await?.version;
    let removed = CoSellRemoved(party(&seen, partner, stage, version));
    event::append(tx, &seen.actor.origin(), seen.id, &audience, &removed).await?;
    answer(command, seen.org, seen.id).await
}

/// What is announced of a partner's step.
pub(super) fn party(seen: &super::access::Seen, partner: OrgId, stage: Stage, version: i64) -> PartyNow {
    PartyNow {
        co_sell_id: seen.id,
        vendor_id: seen.vendor,
        partner_id: partner,
        stage,
        version,
    }
}
