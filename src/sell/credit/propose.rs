use std::collections::BTreeSet;

use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    http::{self, Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::CreditedDeal;
use super::events::{self, CreditProposed};
use super::rows::{self, DealFacts, Draft};
use super::rules::{self, ShareDraft};
use super::stored;
use super::view::{CreditAgreement, Source, Viewer};
use super::{CreditRole, Share};

/// How the credit should be shared.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreditProposal)]
pub(super) struct Proposal {
    /// Every role that the program names, each summing to 100; at most 80 shares.
    #[schema(min_items = 1, max_items = 80)]
    shares: Vec<ShareDraft>,
    /// For all whom it concerns, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for Proposal {
    fn validate(&self, checks: &mut Checks) {
        rules::check(&self.shares, checks);
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

/// Propose how credit is shared
///
/// By the vendor or a partner in the deal. It concerns the vendor, the partner that registered the deal, everyone who
/// has credit now and everyone who would have some: once all of them have signed, it is in force. Each side can have one
/// open proposal a deal (`proposal_open`).
#[utoipa::path(post, path = "/api/v1/deals/{id}/credit", operation_id = "proposeCredit", tag = "credit",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Proposal, example = json!({"shares": [
        {"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "role": "sourced", "percent": "100.00"}]})),
    responses((status = 201, description = "the proposal, signed by who made it", body = CreditAgreement, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn propose_credit(
    CreditedDeal { actor, org, id }: CreditedDeal,
    command: Command<Proposal>,
) -> Result<Reply, Problem> {
    let (proposal, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock_deal(tx, id).await?;
    refuse_ended(&deal)?;
    let shares = rules::check(&proposal.shares, &mut Checks::default());
    refuse_strangers(tx, &deal, org, &shares).await?;
    let draft = Draft {
        source: Source::Agreement,
        by: org,
        user: actor.user,
        note: proposal.note.as_deref(),
        shares: &shares,
        parties: parties(tx, &deal, org, &shares).await?,
    };
    let made = rows::insert(tx, &deal, &draft).await?;
    let agreement = stored::agreement(tx, org, made).await?.ok_or_else(Problem::not_found)?;
    events::proposal::<CreditProposed>(tx, &actor.origin(), &agreement).await?;
    let viewer = Viewer {
        org,
        vendor: deal.vendor_id,
        open: deal.open,
    };
    let reply = Reply::created(
        &format!("/api/v1/credit-agreements/{made}"),
        &viewer.agreement(&agreement),
    )?;
    command.commit(reply.version(viewer.version(&agreement))).await
}

/// Credit is shared as long as the deal can be won, and after.
fn refuse_ended(deal: &DealFacts) -> Result<(), Problem> {
    if matches!(
        deal.status.as_str(),
        "submitted" | "info_requested" | "approved" | "appealed" | "won"
    ) {
        return Ok(());
    }
    let detail = format!("The deal is {}: there is no credit to share.", deal.status);
    Err(Problem::new(http::code::ILLEGAL_MOVE, detail))
}

/// Every partner must be one that the proposer may name, and every role of the program must be there.
pub(super) async fn refuse_strangers(
    tx: &mut Tx,
    deal: &DealFacts,
    by: OrgId,
    shares: &[Share],
) -> Result<(), Problem> {
    let named: Vec<Uuid> = shares.iter().map(|share| share.partner_id.uuid()).collect();
    let known = rows::nameable(tx, deal, by, &named).await?;
    let mut checks = Checks::default();
    for (place, share) in shares.iter().enumerate() {
        let held = known.contains(&share.partner_id.uuid());
        let pointer = format!("/shares/{place}/partner_id");
        let message = "must be a partner in the deal, or for a vendor an active partner of its program";
        checks.check(held, &pointer, "unknown_partner", message);
    }
    let has = |role: &&CreditRole| shares.iter().any(|share| share.role == **role);
    for missing in deal.roles.iter().filter(|role| !has(role)) {
        let message = format!("the program gives credit for {}: share it too", missing.as_str());
        checks.refuse("/shares", "missing_role", message);
    }
    checks.done()
}

/// Whom an agreement on these shares concerns.
pub(super) async fn parties(
    tx: &mut Tx,
    deal: &DealFacts,
    by: OrgId,
    shares: &[Share],
) -> Result<BTreeSet<OrgId>, Problem> {
    let current = stored::in_force(tx, deal.id).await?;
    let current = current.map(|one| one.shares).unwrap_or_default();
    let partners = shares.iter().chain(&current).map(|share| share.partner_id);
    Ok(partners.chain([deal.vendor_id, deal.partner_id, by]).collect())
}
