//! Leads in every state, each on its own way there.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{LeadFormId, LeadId, OrgId};
use guildhall_sell::api::{LeadDraft, LeadIntake, LeadSource, LeadStep, take_in_leads, take_lead_step};
use guildhall_spine::http::Problem;

use super::{Teller, drafts, origin};
use crate::demo::{
    DemoFault,
    company::home,
    world::{Vendor, World},
};

/// What becomes of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It looked like spam.
    Spam(&'static str),
    /// It waits until somebody hands it out.
    Held,
    /// A partner is asked, or several.
    Asked,
    /// A partner said no, and another is asked.
    Declined,
    /// A partner has it.
    Accepted,
    /// The partner has spoken with the customer.
    Contacted,
    /// There is something to sell.
    Qualified,
    /// It is a deal.
    Converted,
    /// Nothing came of it.
    Disqualified,
    /// The partner gave it back, and there is no other.
    Returned,
}

use Fate::{Accepted, Asked, Contacted, Converted, Declined, Disqualified, Held, Qualified, Returned, Spam};

/// Of the first vendor's leads.
#[rustfmt::skip]
pub(super) const MANY: &[Fate] = &[
    Converted, Contacted, Asked, Held, Accepted, Qualified, Asked, Disqualified, Spam("honeypot"), Returned, Accepted,
    Asked, Declined, Contacted, Converted, Held, Asked, Qualified, Accepted, Asked, Spam("links"), Contacted, Held,
    Accepted, Disqualified, Asked, Converted, Returned, Contacted, Spam("too_fast"), Asked, Accepted, Held, Qualified,
    Asked, Declined, Contacted, Converted, Asked, Disqualified, Accepted, Held, Qualified, Spam("no_token"),
];

/// Of the second vendor's.
#[rustfmt::skip]
pub(super) const SOME: &[Fate] = &[
    Converted, Asked, Held, Accepted, Contacted, Asked, Returned, Accepted, Qualified, Asked, Disqualified, Held,
    Contacted, Asked, Spam("links"), Accepted,
];

/// What happens to a lead at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    ComesIn,
    Goes(LeadStep),
}

impl Fate {
    /// How many hours before the day it came in, at least and at most.
    const fn age(self) -> (i64, i64) {
        match self {
            Self::Spam(_) | Self::Held | Self::Asked => (2, 44),
            Self::Accepted | Self::Declined => (10, 60),
            Self::Contacted | Self::Returned => (80, 200),
            Self::Qualified | Self::Disqualified => (150, 350),
            // So that nobody is late with the decision on its deal.
            Self::Converted => (20, 24),
        }
    }

    fn steps(self, day: DateTime<Utc>) -> Vec<LeadStep> {
        let close = (day + TimeDelta::days(75)).date_naive();
        match self {
            Self::Spam(_) | Self::Held | Self::Asked => Vec::new(),
            Self::Declined => vec![LeadStep::Decline("no_capacity")],
            Self::Accepted => vec![LeadStep::Accept],
            Self::Contacted => vec![LeadStep::Accept, LeadStep::Contact],
            Self::Qualified => vec![LeadStep::Accept, LeadStep::Contact, LeadStep::Qualify],
            Self::Converted => vec![
                LeadStep::Accept,
                LeadStep::Contact,
                LeadStep::Qualify,
                LeadStep::Convert(close),
            ],
            Self::Disqualified => vec![LeadStep::Accept, LeadStep::Contact, LeadStep::Disqualify("no_budget")],
            Self::Returned => vec![LeadStep::Accept, LeadStep::Return("customer_wish")],
        }
    }
}

/// Takes the vendor's leads in and lets each go its way, all in the order of time. Returns how many there are.
pub(super) async fn live(
    teller: &mut Teller<'_>,
    world: &World,
    vendor: &Vendor,
    form: LeadFormId,
    fates: &[Fate],
) -> Result<u64, DemoFault> {
    let mut acts: Vec<(DateTime<Utc>, usize, Act)> = Vec::new();
    for (place, fate) in fates.iter().enumerate() {
        let (least, most) = fate.age();
        let mut at = world.day - TimeDelta::minutes(teller.draw.between(least * 60, most * 60));
        acts.push((at, place, Act::ComesIn));
        for step in fate.steps(world.day) {
            at += TimeDelta::minutes(teller.draw.between(40, 480));
            acts.push((at.min(world.day), place, Act::Goes(step)));
        }
    }
    acts.sort_by_key(|(at, place, _)| (*at, *place));
    let mut leads: Vec<Option<LeadId>> = vec![None; fates.len()];
    let mut count = 0;
    for (at, place, act) in acts {
        let (Some(fate), Some(lead)) = (fates.get(place), leads.get_mut(place)) else {
            continue;
        };
        teller.at(at);
        match (act, *lead) {
            (Act::ComesIn, _) => {
                *lead = come_in(teller, world, vendor, form, *fate).await?;
                count += u64::from(lead.is_some());
            }
            (Act::Goes(step), Some(lead)) => go(teller, world, lead, step).await?,
            (Act::Goes(_), None) => {}
        }
    }
    Ok(count)
}

/// Returns the lead, which may be one that was there.
async fn come_in(
    teller: &mut Teller<'_>,
    world: &World,
    vendor: &Vendor,
    form: LeadFormId,
    fate: Fate,
) -> Result<Option<LeadId>, DemoFault> {
    let Some(draft) = sent(teller, world, vendor, fate) else {
        return Ok(None);
    };
    let by_form = draft.source == LeadSource::WebForm;
    let intake = LeadIntake {
        hold: fate == Fate::Held,
        form: by_form.then_some(form),
        suspicions: match fate {
            Fate::Spam(why) => vec![why],
            _ => Vec::new(),
        },
    };
    let by = if by_form {
        guildhall_spine::event::Origin::default()
    } else {
        origin(vendor.managers.first().copied(), vendor.org.id)
    };
    let answers = take_in_leads(teller.tx, &by, vendor.org.id, vec![draft], &intake).await?;
    let taken = answers.into_iter().next();
    let taken = taken.ok_or_else(|| Problem::internal("a lead of the demo was not answered"))?;
    let taken = taken.map_err(|faults| Problem::internal(format!("a lead of the demo was refused: {faults:?}")))?;
    Ok(Some(taken.lead))
}

/// What goes far sits where a partner is; what is given back, where there is only one.
fn sent(teller: &mut Teller<'_>, world: &World, vendor: &Vendor, fate: Fate) -> Option<LeadDraft> {
    let draw = &mut teller.draw;
    let place = match fate {
        Fate::Spam(_) => return drafts::spam(draw, vendor),
        Fate::Held => home(draw),
        Fate::Returned => world
            .active(vendor)
            .next()
            .map(|one| (one.org.culture, one.org.country)),
        _ => {
            let partners: Vec<_> = world.active(vendor).collect();
            let partner = partners.get(draw.index_from_front(partners.len()))?;
            Some((partner.org.culture, partner.org.country))
        }
    };
    let mut draft = drafts::draft(draw, vendor, place)?;
    if fate == Fate::Returned {
        draft.source = LeadSource::Referral;
        draft.campaign = None;
    }
    Some(draft)
}

/// Takes a step for somebody of the partner that has the lead or is asked first; nobody's lead stays where it is.
async fn go(teller: &mut Teller<'_>, world: &World, lead: LeadId, step: LeadStep) -> Result<(), DemoFault> {
    let partner = sqlx::query_scalar!(
        "SELECT partner_id FROM lead_offer WHERE lead_id = $1 AND state IN ('open', 'accepted')
         ORDER BY state, partner_id LIMIT 1",
        lead.uuid()
    )
    .fetch_optional(&mut **teller.tx)
    .await?;
    let Some(partner) = partner.map(OrgId::from) else {
        return Ok(());
    };
    let sellers = world.partners.iter().find(|one| one.org.id == partner);
    let Some(user) = sellers.and_then(|one| one.sellers.first().copied()) else {
        return Ok(());
    };
    take_lead_step(teller.tx, lead, (partner, user), step).await?;
    Ok(())
}
