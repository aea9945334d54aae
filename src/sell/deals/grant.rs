//! The one way in which a deal is approved: by a person, by the last of a chain, by a rule, or by the conflict desk.

use std::collections::BTreeSet;

use guildhall_kernel::{DealId, UserId};
use guildhall_onboard::api::{Partnership, active_partnership};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::conflict::{Level, Reason};
use super::events::{DealApproved, announce};
use super::find_conflicts::Rival;
use super::found::Found;
use super::rows::{self, Locked, Verdict};
use super::state::DealStatus;
use super::{appeal, code, policy, protection, stored};

/// An approval.
#[derive(Debug)]
pub(super) struct Grant<'a> {
    pub(super) by: Option<UserId>,
    pub(super) note: Option<&'a str>,
    /// Approved rivals that it may stand beside.
    pub(super) acknowledged: &'a [DealId],
    /// The rule that approves, when no person does.
    pub(super) rule: Option<&'a str>,
}

const REACTIVATE: &str = "Reactivate the partnership first with PATCH /api/v1/partnerships/{id}, or invite the partner \
                          anew if it has ended. The deal can still be rejected or questioned.";

/// Approves a locked deal that accepts the move, as part of `tx`, in which the vendor's turn has been taken
/// ([`rows::take_turns`]). Protects the customer and announces it.
///
/// # Errors
/// 409 when the partner is not active, or when an approved registration stands in the way.
pub(super) async fn grant(tx: &mut Tx, origin: &Origin, deal: &Locked, grant: &Grant<'_>) -> Result<(), Problem> {
    let partnership = standing(tx, deal).await?;
    let claim = stored::claim(tx, deal).await?;
    let found = Found::of(tx, &claim).await?;
    refuse_strangers(tx, deal.id, &found.rivals, grant.acknowledged).await?;
    weigh(deal.id, &found.rivals, grant.acknowledged)?;
    let verdict = Verdict {
        status: DealStatus::Approved,
        by: grant.by,
        note: grant.note,
        reason: None,
        conflict_level: Some(found.level()),
    };
    let refused = match grant.rule {
        Some(_) => rows::overtaken,
        None => rows::protected,
    };
    let written = rows::decide(tx, deal, &verdict).await.map_err(refused)?;
    // A deal that comes back from a refusal had let go of its name keys: rivals have to find it again.
    rows::hold_name(tx, deal.id, &claim.name_keys.to_stored()).await?;
    found.store(tx, origin, &written).await?;
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    protection::begin(tx, deal.id, &terms, partnership.tier).await?;
    if deal.status == DealStatus::Appealed {
        appeal::settle(tx, deal.id, appeal::Outcome::Approved, grant.by).await?;
    }
    let mut facts = written.facts();
    facts.rule = grant.rule.map(str::to_owned);
    // What a rule approves nobody has approved, least of all the partner whose request it was.
    let by_itself = Origin {
        request_id: origin.request_id.clone(),
        ..Origin::default()
    };
    let origin = if grant.rule.is_some() { &by_itself } else { origin };
    announce::<DealApproved>(tx, origin, facts).await
}

async fn standing(tx: &mut Tx, deal: &Locked) -> Result<Partnership, Problem> {
    active_partnership(tx, deal.vendor_id, deal.partner_id)
        .await?
        .ok_or_else(|| Problem::new(code::PARTNERSHIP_NOT_ACTIVE, REACTIVATE))
}

/// Whether the approved rivals leave room for one more.
pub(super) fn weigh(deal: DealId, rivals: &[Rival], acknowledged: &[DealId]) -> Result<(), Problem> {
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
