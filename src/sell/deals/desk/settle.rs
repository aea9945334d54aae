//! What a decision of the conflict desk does to the registrations of its case.

use guildhall_kernel::{ConflictCaseId, DealId, OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::Problem,
};
use rust_decimal::Decimal;

use super::{CaseDecision, PartyOutcome};
use crate::co_sell;
use crate::credit::{CreditRole, rules::ShareDraft, set_by_decision};
use crate::deals::approvals::has_open_chain;
use crate::deals::code;
use crate::deals::events::{DealRejected, announce};
use crate::deals::grant::{Grant, grant};
use crate::deals::history;
use crate::deals::notices::ConflictOutcome;
use crate::deals::rows::{self, Locked, Verdict};
use crate::deals::state::DealStatus;
use crate::deals::wire::RejectReason;

/// A decision to be carried out.
#[derive(Debug)]
pub(super) struct Settlement<'a> {
    pub(super) case: ConflictCaseId,
    pub(super) decision: CaseDecision,
    pub(super) winner: Option<DealId>,
    pub(super) shares: Vec<(DealId, Decimal)>,
    pub(super) reason: Option<RejectReason>,
    pub(super) acknowledged: &'a [DealId],
    pub(super) by: Option<UserId>,
}

/// What was carried out.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) winner: Option<DealId>,
    pub(super) shares: Vec<(DealId, OrgId, Decimal)>,
}

/// Carries the decision out: the losers are refused first, then the winner is approved.
pub(super) async fn settle(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    settlement: &Settlement<'_>,
) -> Result<Settled, Problem> {
    let deals = lock_deals(tx, vendor, settlement.case).await?;
    let winner = winner(&deals, settlement)?;
    let shares = shares(&deals, settlement)?;
    one_opportunity(tx, settlement.case, &deals).await?;
    for deal in deals.iter().filter(|deal| Some(deal.id) != winner) {
        let outcome = refuse(tx, origin, deal, settlement).await?;
        note(tx, origin, settlement, deal, outcome).await?;
    }
    if let Some(deal) = deals.iter().find(|deal| Some(deal.id) == winner) {
        let outcome = protect(tx, origin, deal, settlement).await?;
        note(tx, origin, settlement, deal, outcome).await?;
    }
    if let Some(winner) = winner {
        share(tx, origin, (vendor, winner), &shares, settlement.decision).await?;
    }
    Ok(Settled { winner, shares })
}

/// Gives the partners the credit that was decided on. With co-selling, those of an approved winner share its opportunity
/// from now on; an opportunity that is shared already is left as it is.
async fn share(
    tx: &mut Tx,
    origin: &Origin,
    (vendor, winner): (OrgId, DealId),
    shares: &[(DealId, OrgId, Decimal)],
    decision: CaseDecision,
) -> Result<(), Problem> {
    if shares.is_empty() {
        return Ok(());
    }
    let credit: Vec<ShareDraft> = shares
        .iter()
        .map(|(_, partner, percent)| ShareDraft {
            partner_id: *partner,
            role: CreditRole::Sourced,
            percent: percent.to_string(),
        })
        .collect();
    set_by_decision(tx, origin, winner, &credit, None).await?;
    if decision == CaseDecision::CoSell {
        let partners: Vec<OrgId> = shares.iter().map(|(_, partner, _)| *partner).collect();
        co_sell::open_for(tx, origin, vendor, winner, &partners).await?;
    }
    Ok(())
}

/// The registrations of the case, locked, the first registered first.
async fn lock_deals(tx: &mut Tx, vendor: OrgId, case: ConflictCaseId) -> Result<Vec<Locked>, Problem> {
    let ids = sqlx::query_scalar!(
        r#"SELECT d.id AS "deal: DealId" FROM conflict_party p JOIN deal d ON d.id = p.deal_id
           WHERE p.case_id = $1 ORDER BY d.created_at, d.id"#,
        case.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut deals = Vec::new();
    for id in ids {
        deals.extend(rows::lock(tx, id, vendor).await?);
    }
    Ok(deals)
}

/// Which registration is to protect the customer.
fn winner(deals: &[Locked], settlement: &Settlement<'_>) -> Result<Option<DealId>, Problem> {
    let approved = || deals.iter().filter(|deal| deal.status == DealStatus::Approved);
    let winner = match settlement.decision {
        CaseDecision::Reject => None,
        CaseDecision::FirstWins => {
            let first = approved()
                .next()
                .or_else(|| deals.iter().find(|deal| deal.status.is_live()));
            let first = first.ok_or_else(|| {
                let message = "must be reject: none of the registrations is open any more";
                Problem::field("/decision", "no_winner", message)
            })?;
            Some(first.id)
        }
        CaseDecision::SplitCredit | CaseDecision::CoSell => {
            let named = deals
                .iter()
                .find(|deal| Some(deal.id) == settlement.winner && deal.status.is_live());
            let named = named.ok_or_else(|| {
                let message = "must be a registration of the case that is open";
                Problem::field("/winner_deal_id", "not_found", message)
            })?;
            Some(named.id)
        }
    };
    let other: Vec<String> = approved()
        .filter(|deal| Some(deal.id) != winner)
        .map(|deal| deal.id.to_string())
        .collect();
    if other.is_empty() {
        return Ok(winner);
    }
    let detail = "A registration of the case is approved already: let it win, or end its protection first.";
    Err(Problem::new(code::OPPORTUNITY_PROTECTED, detail).with("conflicts", other))
}

fn shares(deals: &[Locked], settlement: &Settlement<'_>) -> Result<Vec<(DealId, OrgId, Decimal)>, Problem> {
    let mut shares = Vec::new();
    for (place, (id, percent)) in settlement.shares.iter().enumerate() {
        let deal = deals.iter().find(|deal| deal.id == *id).ok_or_else(|| {
            let pointer = format!("/shares/{place}/deal_id");
            Problem::field(pointer, "not_found", "must be a registration of the case")
        })?;
        shares.push((deal.id, deal.partner_id, *percent));
    }
    Ok(shares)
}

/// Says that the registrations are of one opportunity, together with all that were found to be so before.
async fn one_opportunity(tx: &mut Tx, case: ConflictCaseId, deals: &[Locked]) -> Result<(), Problem> {
    let ids: Vec<_> = deals.iter().map(|deal| deal.id.uuid()).collect();
    sqlx::query!(
        "WITH known AS (SELECT DISTINCT opportunity_id AS id FROM deal WHERE id = ANY ($2) AND opportunity_id IS NOT NULL)
         UPDATE deal SET opportunity_id = coalesce((SELECT id FROM known ORDER BY id LIMIT 1), $1)
         WHERE id = ANY ($2) OR opportunity_id IN (SELECT id FROM known)",
        case.uuid(),
        &ids,
    )
    .execute(&mut **tx)
    .await
    .map_err(rows::protected)?;
    Ok(())
}

async fn refuse(
    tx: &mut Tx,
    origin: &Origin,
    deal: &Locked,
    settlement: &Settlement<'_>,
) -> Result<PartyOutcome, Problem> {
    let shares_credit = settlement.shares.iter().any(|(id, _)| *id == deal.id);
    let (reason, outcome) = match settlement.decision {
        CaseDecision::SplitCredit if shares_credit => (RejectReason::CreditShared, PartyOutcome::CreditShared),
        CaseDecision::CoSell if shares_credit => (RejectReason::CoSell, PartyOutcome::CoSell),
        CaseDecision::Reject => (settlement.reason.unwrap_or(RejectReason::Other), PartyOutcome::Rejected),
        _ => (RejectReason::AlreadyRegistered, PartyOutcome::Rejected),
    };
    if !deal.status.is_live() {
        return Ok(if shares_credit { outcome } else { PartyOutcome::Kept });
    }
    let verdict = Verdict {
        status: DealStatus::Rejected,
        by: settlement.by,
        note: None,
        reason: Some(reason),
        conflict_level: None,
    };
    let written = rows::decide(tx, deal, &verdict).await?;
    announce::<DealRejected>(tx, origin, written.facts()).await?;
    Ok(outcome)
}

async fn protect(
    tx: &mut Tx,
    origin: &Origin,
    deal: &Locked,
    settlement: &Settlement<'_>,
) -> Result<PartyOutcome, Problem> {
    if deal.status == DealStatus::Approved {
        return Ok(PartyOutcome::Protected);
    }
    if deal.status != DealStatus::Submitted || has_open_chain(tx, deal.id).await? {
        return Ok(PartyOutcome::InApproval);
    }
    let decided = Grant {
        by: settlement.by,
        note: None,
        acknowledged: settlement.acknowledged,
        rule: None,
    };
    grant(tx, origin, deal, &decided).await?;
    Ok(PartyOutcome::Protected)
}

/// Notes what the decision means for one registration, and tells its partner.
async fn note(
    tx: &mut Tx,
    origin: &Origin,
    settlement: &Settlement<'_>,
    deal: &Locked,
    outcome: PartyOutcome,
) -> Result<(), Problem> {
    let share = settlement
        .shares
        .iter()
        .find(|(id, _)| *id == deal.id)
        .map(|(_, share)| *share);
    sqlx::query!(
        "UPDATE conflict_party SET outcome = $3, share = $4 WHERE case_id = $1 AND deal_id = $2",
        settlement.case.uuid(),
        deal.id.uuid(),
        outcome.as_str(),
        share,
    )
    .execute(&mut **tx)
    .await?;
    let step = history::Entry {
        reason: Some(outcome.as_str()),
        ..history::Entry::of("conflict_decided").about(settlement.case)
    };
    history::note(tx, deal.id, origin, step).await?;
    let told = ConflictOutcome {
        case_id: settlement.case,
        vendor_id: deal.vendor_id,
        deal_id: deal.id,
        partner_id: deal.partner_id,
        outcome,
        share: share.map(|share| share.to_string()),
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    event::append(tx, origin, deal.id, &audiences, &told).await?;
    Ok(())
}
