use std::collections::BTreeSet;

use guildhall_kernel::DealId;
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::DecidableDeal;
use super::conflict::{Level, Reason};
use super::events::{DealApproved, announce_conflicts};
use super::find_conflicts::{Rival, find_conflicts, gravest, store_conflicts};
use super::rows::{self, Verdict};
use super::state::{DealStatus, Move};
use super::wire::Deal;
use super::{code, decide, stored};

/// The word that goes with an approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealApproval)]
pub(super) struct Approval {
    /// For the partner, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// The approved registrations that this one probably conflicts with and that it may stand beside, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    acknowledged_conflicts: Vec<DealId>,
}

const REACTIVATE: &str = "Reactivate the partnership first with PATCH /api/v1/partnerships/{id}, or invite the partner \
                          anew if it has ended. The deal can still be rejected or questioned.";

impl Validate for Approval {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        let few = self.acknowledged_conflicts.len() <= 50;
        checks.check(few, "/acknowledged_conflicts", "length", "must have at most 50 ids");
    }
}

/// Approve a deal
///
/// Protects the partner's claim on the customer. A customer whose domain another partner holds an approved
/// registration for can't be approved (`customer_protected`). Approved registrations that are likely the same customer
/// must be acknowledged by id (`unacknowledged_conflicts`, with the ids in `conflicts`). The partnership must be active
/// (`partnership_not_active`).
#[utoipa::path(post, path = "/api/v1/deals/{id}/approve", operation_id = "approveDeal", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Approval, example = json!({"note": "Welcome aboard. Protected for 90 days."})),
    responses((status = 200, description = "the approved deal", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn approve_deal(
    DecidableDeal(reached): DecidableDeal,
    if_match: IfMatch,
    command: Command<Approval>,
) -> Result<Reply, Problem> {
    let (approval, mut command) = command.take();
    rows::take_turns(&mut command.tx, reached.org).await?;
    let (deal, status) = decide::lock(&mut command, &reached, &if_match, Move::Approve).await?;
    let tx = &mut command.tx;
    decide::refuse_inactive(tx, &deal, REACTIVATE).await?;
    let claim = stored::claim(tx, &deal).await?;
    let rivals = find_conflicts(tx, &claim).await?;
    let acknowledged = &approval.acknowledged_conflicts;
    refuse_strangers(tx, deal.id, &rivals, acknowledged).await?;
    weigh(deal.id, &rivals, acknowledged)?;
    let verdict = Verdict {
        status,
        by: reached.actor.user,
        note: approval.note.as_deref(),
        reason: None,
        conflict_level: Some(gravest(&rivals)),
    };
    let written = rows::decide(tx, &deal, &verdict).await.map_err(rows::protected)?;
    if store_conflicts(tx, deal.id, &rivals).await? > 0 {
        announce_conflicts(tx, &reached.actor.origin(), &written, &rivals).await?;
    }
    decide::finish::<DealApproved>(command, &reached, written.facts()).await
}

/// Whether the approved rivals leave room for one more.
fn weigh(deal: DealId, rivals: &[Rival], acknowledged: &[DealId]) -> Result<(), Problem> {
    let approved = || rivals.iter().filter(|rival| rival.status == DealStatus::Approved);
    let holders = ids(approved().filter(|rival| rival.score.reasons.contains(&Reason::SameDomain)));
    if !holders.is_empty() {
        let detail = "Reject this registration, or let the partner who holds the approved one withdraw it first.";
        return Err(Problem::new(code::CUSTOMER_PROTECTED, detail).with("conflicts", holders));
    }
    let open = approved().filter(|rival| rival.score.level >= Level::Likely && !acknowledged.contains(&rival.deal));
    let open = ids(open);
    if open.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "Look at GET /api/v1/deals/{deal}/conflicts, then send the ids in acknowledged_conflicts if both may stand."
    );
    Err(Problem::new(code::UNACKNOWLEDGED_CONFLICTS, detail).with("conflicts", open))
}

fn ids<'a>(rivals: impl Iterator<Item = &'a Rival>) -> Vec<String> {
    rivals.map(|rival| rival.deal.to_string()).collect()
}

/// An id that never was a conflict of this deal can't be acknowledged; one that has ceased to be does no harm.
async fn refuse_strangers(tx: &mut Tx, deal: DealId, rivals: &[Rival], acknowledged: &[DealId]) -> Result<(), Problem> {
    let is_rival = |id: &DealId| rivals.iter().any(|rival| rival.deal == *id);
    let others: BTreeSet<_> = acknowledged
        .iter()
        .filter(|id| !is_rival(id))
        .map(|id| id.uuid())
        .collect();
    let others: Vec<_> = others.into_iter().collect();
    if others.is_empty() || rows::known_conflicts(tx, deal, &others).await? == others.len() {
        return Ok(());
    }
    let message = format!("must be ids that GET /api/v1/deals/{deal}/conflicts lists");
    Err(Problem::field("/acknowledged_conflicts", "unknown_conflict", message))
}
