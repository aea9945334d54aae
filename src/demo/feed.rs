//! The events that the latest deals have caused, so that feeds and the audit log are not empty.

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, UserId};
use guildhall_sell::deals::{
    events::{
        DealApproved, DealConflictFound, DealFacts, DealInfoRequested, DealLost, DealRejected, DealSubmitted,
        DealWithdrawn, DealWon,
    },
    state::DealStatus,
};
use guildhall_spine::{
    db::Tx,
    event::{Event, Origin, append},
    http::Problem,
};

use super::deals::{Deal, Deals};

/// How many of the latest deals are told of.
const TOLD: usize = 50;

/// A deal's change at a time: registered, or brought to where it stands.
#[derive(Clone, Copy)]
enum Change {
    Registered,
    Moved,
}

/// Publishes what happened to the latest deals, in the order in which it happened.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce(tx: &mut Tx, deals: Deals<'_>) -> Result<(), Problem> {
    let deals: Vec<Deal> = deals.collect();
    let latest = deals.get(deals.len().saturating_sub(TOLD)..).unwrap_or_default();
    let mut changes: Vec<(DateTime<Utc>, &Deal, Change)> = Vec::new();
    for deal in latest {
        changes.push((deal.created_at, deal, Change::Registered));
        if deal.outcome.version > 1 {
            changes.push((deal.outcome.updated_at, deal, Change::Moved));
        }
    }
    changes.sort_by_key(|(at, _, _)| *at);
    for (_, deal, change) in changes {
        match change {
            Change::Registered => tell_registered(tx, deal).await?,
            Change::Moved => tell_moved(tx, deal).await?,
        }
    }
    Ok(())
}

async fn tell_registered(tx: &mut Tx, deal: &Deal) -> Result<(), Problem> {
    let origin = origin(Some(deal.submitted_by), deal.partner_id);
    publish(tx, &origin, deal, &DealSubmitted(facts(deal, DealStatus::Submitted, 1))).await?;
    let Some(conflict) = &deal.conflict else { return Ok(()) };
    let found = DealConflictFound {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        level: conflict.score.level,
        count: 1,
        conflicting_deal_ids: vec![conflict.other],
    };
    append(tx, &origin, deal.id, &[deal.vendor_id.uuid()], &found).await?;
    Ok(())
}

async fn tell_moved(tx: &mut Tx, deal: &Deal) -> Result<(), Problem> {
    let outcome = &deal.outcome;
    let facts = DealFacts {
        note: outcome.decision_note.map(str::to_owned),
        reason: outcome
            .decision_reason
            .and_then(|name| serde_json::from_value(name.into()).ok()),
        closed_on: deal.closed_on(),
        close_reason: outcome
            .close_reason
            .and_then(|name| serde_json::from_value(name.into()).ok()),
        ..facts(deal, deal.status, outcome.version.into())
    };
    let vendor = origin(deal.outcome.decided_by, deal.vendor_id);
    match deal.status {
        DealStatus::InfoRequested => publish(tx, &vendor, deal, &DealInfoRequested(facts)).await,
        DealStatus::Approved => publish(tx, &vendor, deal, &DealApproved(facts)).await,
        DealStatus::Rejected => publish(tx, &vendor, deal, &DealRejected(facts)).await,
        DealStatus::Withdrawn => {
            let partner = origin(deal.outcome.decided_by, deal.partner_id);
            publish(tx, &partner, deal, &DealWithdrawn(facts)).await
        }
        DealStatus::Won => publish(tx, &vendor, deal, &DealWon(facts)).await,
        DealStatus::Lost => publish(tx, &vendor, deal, &DealLost(facts)).await,
        // The newest deals are too young to have ended otherwise.
        DealStatus::Submitted | DealStatus::Expired | DealStatus::Appealed | DealStatus::Released => Ok(()),
    }
}

async fn publish(tx: &mut Tx, origin: &Origin, deal: &Deal, event: &impl Event) -> Result<(), Problem> {
    append(
        tx,
        origin,
        deal.id,
        &[deal.vendor_id.uuid(), deal.partner_id.uuid()],
        event,
    )
    .await?;
    Ok(())
}

fn origin(user: Option<UserId>, org: OrgId) -> Origin {
    Origin {
        user_id: user,
        organisation_id: Some(org),
        ..Origin::default()
    }
}

fn facts(deal: &Deal, status: DealStatus, version: i64) -> DealFacts {
    DealFacts {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        customer_name: deal.customer_name.clone(),
        status,
        amount: deal.amount.to_string(),
        currency: deal.currency.to_owned(),
        version,
        note: None,
        reason: None,
        closed_on: None,
        close_reason: None,
        rule: None,
        ended_because: None,
        appeal_id: None,
        changed: Vec::new(),
    }
}
