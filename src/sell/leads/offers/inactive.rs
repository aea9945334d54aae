//! What becomes of a partner's offers when it is not active in the program any more.

use async_trait::async_trait;
use guildhall_kernel::OrgId;
use guildhall_onboard::api::{PARTNERSHIP_CHANGED, PartnershipStatus, is_active_partner};
use guildhall_spine::{
    db::Tx,
    event::{Consumer, ConsumerFault, Origin, Recorded},
    http::Problem,
};
use serde::Deserialize;

use super::hand_out::{Cause, hand_out, set_deadlines};
use super::rows::{self as offers, Answer};
use crate::leads::lead::{
    events::{LeadOfferEnded, announce_all},
    rows::{self, Change},
    stage::Stage,
};

/// Why such an offer ended, as the vendor reads it.
const REASON: &str = "partnership_not_active";

/// Asks others about the leads that a suspended partner is asked about. What it accepted stays with it until the vendor
/// reassigns it.
#[derive(Clone, Copy, Debug)]
pub(in crate::leads) struct InactivePartners;

#[derive(Deserialize)]
struct Changed {
    vendor_id: OrgId,
    partner_id: OrgId,
    status: PartnershipStatus,
}

#[async_trait]
impl Consumer for InactivePartners {
    fn name(&self) -> &'static str {
        "lead_inactive_partners"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        for event in events.iter().filter(|event| event.kind == PARTNERSHIP_CHANGED) {
            let changed: Changed =
                serde_json::from_str(event.data.get()).map_err(|error| ConsumerFault(error.to_string()))?;
            if changed.status != PartnershipStatus::Active {
                let origin: Origin = serde_json::from_str(event.origin.get()).unwrap_or_default();
                ask_others(tx, &origin, changed.vendor_id, changed.partner_id).await?;
            }
        }
        Ok(())
    }
}

async fn ask_others(tx: &mut Tx, origin: &Origin, vendor: OrgId, partner: OrgId) -> Result<(), Problem> {
    rows::take_turns(tx, vendor).await?;
    // The vendor may have thought better of it before this was read.
    if is_active_partner(tx, vendor, partner).await? {
        return Ok(());
    }
    let asked = offers::asked(tx, vendor, partner).await?;
    let (mut ended, mut waiting) = (Vec::new(), Vec::new());
    for mut lead in rows::lock_all(tx, &asked).await? {
        // Accepted before the lock was held, by whomever.
        if lead.stage != Stage::Offered {
            continue;
        }
        let answer = Answer {
            reason: Some(REASON),
            ..Answer::default()
        };
        offers::answer(tx, &lead, partner, (&["open"], "pulled_back"), &answer).await?;
        let is_last = offers::open(tx, &lead).await?.is_empty();
        let stage = if is_last { Stage::New } else { Stage::Offered };
        rows::advance(tx, &mut lead, &Change::to(stage)).await?;
        let mut facts = lead.facts_for(partner);
        facts.reason = Some(REASON.to_owned());
        ended.push((facts, vec![partner]));
        if is_last {
            waiting.push(lead);
        }
    }
    announce_all::<LeadOfferEnded>(tx, origin, ended).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let deadlines = hand_out(tx, origin, vendor, waiting, Cause::Inactive).await?;
    set_deadlines(tx, &deadlines).await
}
