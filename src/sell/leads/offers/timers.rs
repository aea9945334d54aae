//! What happens to a lead by itself: an offer runs out, a first contact is overdue.

use async_trait::async_trait;
use chrono::TimeDelta;
use guildhall_kernel::{LeadId, OrgId};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    App,
    db::Tx,
    event::Origin,
    http::Problem,
    timer::{Due, Next, Timer},
};
use serde_json::{Value, json};

use super::{
    hand_out::{Cause, hand_out, set_deadlines},
    letters, rows as offers,
};
use crate::leads::lead::{
    events::{LeadContactDue, LeadOfferExpired, LeadPulledBack, announce, announce_all},
    rows::{self, Change, Lead},
    stage::Stage,
};
use crate::leads::rules::settings;

/// The deadline of an offer.
pub(in crate::leads) const OFFER: &str = "lead_offer";
/// The deadline of the first contact.
pub(in crate::leads) const CONTACT: &str = "lead_contact";

/// Ends offers that nobody answered, and asks the next.
#[derive(Clone, Copy, Debug)]
pub(in crate::leads) struct OfferTimer;

/// Reminds of first contacts that are overdue, and pulls leads back.
#[derive(Clone, Copy, Debug)]
pub(in crate::leads) struct ContactTimer;

#[async_trait]
impl Timer for OfferTimer {
    fn kind(&self) -> &'static str {
        OFFER
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let Some(mut lead) = lock(tx, due).await? else {
            return Ok(Next::Done);
        };
        let now = tx.now();
        if lead.stage != Stage::Offered {
            return Ok(Next::Done);
        }
        let open = offers::open(tx, &lead).await?;
        if let Some(later) = open.iter().map(|offer| offer.expires_at).max().filter(|at| *at > now) {
            return Ok(Next::At(later, Value::Null));
        }
        let origin = Origin::default();
        let partners = offers::end(tx, &lead, &["open"], "expired").await?;
        rows::advance(tx, &mut lead, &Change::to(Stage::New)).await?;
        let expired = partners
            .iter()
            .map(|partner| (lead.facts_for(*partner), vec![*partner]));
        announce_all::<LeadOfferExpired>(tx, &origin, expired.collect()).await?;
        let vendor = lead.vendor_id;
        let deadlines = hand_out(tx, &origin, vendor, vec![lead], Cause::Expired).await?;
        let next = deadlines.into_iter().find_map(|(_, at)| at);
        Ok(next.map_or(Next::Done, |at| Next::At(at, Value::Null)))
    }
}

#[async_trait]
impl Timer for ContactTimer {
    fn kind(&self) -> &'static str {
        CONTACT
    }

    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let Some(lead) = lock(tx, due).await? else {
            return Ok(Next::Done);
        };
        let (Stage::Accepted, Some(partner)) = (lead.stage, lead.partner_id) else {
            return Ok(Next::Done);
        };
        let settings = settings::of(tx, lead.vendor_id).await?;
        let sent = due.data.get("notices").and_then(Value::as_i64).unwrap_or(0);
        if sent >= i64::from(settings.notices) {
            pull_back(tx, lead, partner).await?;
            return Ok(Next::Done);
        }
        let mut facts = lead.facts_for(partner);
        facts.due_at = lead.contact_due_at;
        // A partner that may not work on it is not asked to: the vendor hears of it and can reassign it.
        let active = is_active_partner(tx, lead.vendor_id, partner).await?;
        let told = active.then_some(partner).into_iter().collect();
        announce_all::<LeadContactDue>(tx, &Origin::default(), vec![(facts, told)]).await?;
        if active {
            let last = sent + 1 == i64::from(settings.notices);
            letters::remind(tx, &app.config.http.public_url, &lead, partner, last).await?;
        }
        let next = tx.now() + TimeDelta::minutes(settings.notice_minutes.into());
        Ok(Next::At(next, json!({"notices": sent + 1})))
    }
}

async fn lock(tx: &mut Tx, due: &Due) -> Result<Option<Lead>, Problem> {
    let id = LeadId::from(due.subject);
    let Some(vendor) = rows::vendor_of(tx, id).await? else {
        return Ok(None);
    };
    rows::take_turns(tx, vendor).await?;
    rows::lock(tx, id).await.map(Some)
}

async fn pull_back(tx: &mut Tx, mut lead: Lead, partner: OrgId) -> Result<(), Problem> {
    let origin = Origin::default();
    offers::end(tx, &lead, &["accepted"], "pulled_back").await?;
    rows::advance(tx, &mut lead, &Change::to(Stage::New)).await?;
    let mut facts = lead.facts_for(partner);
    facts.reason = Some("no_contact".to_owned());
    announce::<LeadPulledBack>(tx, &origin, facts).await?;
    let vendor = lead.vendor_id;
    let deadlines = hand_out(tx, &origin, vendor, vec![lead], Cause::NoContact).await?;
    set_deadlines(tx, &deadlines).await
}
