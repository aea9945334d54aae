//! Handing leads out: decisions for any number of leads, stored and announced in bulk.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{LeadId, LeadOfferId, OrgId};
use guildhall_spine::{db::Tx, event::Origin, http::Problem, timer};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use uuid::Uuid;

use super::floor;
use super::timers::OFFER;
use crate::leads::lead::{
    events::{LeadOffered, LeadUnassigned, announce_all},
    rows::Lead,
    stage::Stage,
};
use crate::leads::rules::{
    engine::{Decision, Floor, Turn},
    explain::{Explanation, Why},
};

/// Explanations in one statement: each is a page long, and a statement's parameter has a limit.
const EXPLAINED: usize = 500;

/// Why leads are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::leads) enum Cause {
    Received,
    Released,
    Distributed,
    Declined,
    Expired,
    Returned,
    NoContact,
    Inactive,
    Vendor,
}

impl Cause {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Released => "released",
            Self::Distributed => "distributed",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Returned => "returned",
            Self::NoContact => "no_contact",
            Self::Inactive => "partnership_not_active",
            Self::Vendor => "vendor",
        }
    }
}

/// A lead with what was decided about it.
struct Placed {
    lead: Lead,
    decision: Decision,
    why: Why,
    expires_at: DateTime<Utc>,
}

/// When each lead's offer ends; `None` for a lead that nobody was found for.
pub(in crate::leads) type Deadlines = Vec<(LeadId, Option<DateTime<Utc>>)>;

/// Hands these locked leads, which nobody has, to whom the rules choose. The caller holds the vendor's turn, and sets
/// the deadlines ([`set_deadlines`]).
pub(in crate::leads) async fn hand_out(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    leads: Vec<Lead>,
    cause: Cause,
) -> Result<Deadlines, Problem> {
    let mut stage = floor::load(tx, vendor).await?;
    if stage.floor.rules.is_empty() || leads.is_empty() {
        return Ok(leads.iter().map(|lead| (lead.id, None)).collect());
    }
    let ids: Vec<Uuid> = leads.iter().map(|lead| lead.id.uuid()).collect();
    let mut refusals = floor::refusals(tx, &ids).await?;
    let mut placed = Vec::with_capacity(leads.len());
    for lead in leads {
        let facts = floor::facts(&lead, refusals.remove(&lead.id).unwrap_or_default());
        let decision = stage.floor.hand_out(&facts);
        let rule = decision.rule.and_then(|place| stage.floor.rules.get(place));
        let minutes = rule
            .and_then(|rule| rule.offer_minutes)
            .unwrap_or(stage.settings.offer_minutes);
        placed.push(Placed {
            lead,
            why: Why::of(rule),
            expires_at: tx.now() + TimeDelta::minutes(minutes.into()),
            decision,
        });
    }
    store_turns(tx, vendor, &stage.floor).await?;
    store(tx, origin, placed, cause, stage.version).await
}

/// Offers a locked lead to the partner that the vendor chose.
pub(in crate::leads) async fn offer_to(
    tx: &mut Tx,
    origin: &Origin,
    lead: Lead,
    partner: OrgId,
    minutes: i32,
) -> Result<Deadlines, Problem> {
    let placed = Placed {
        lead,
        decision: Decision {
            rule: None,
            partners: vec![partner],
            pool: false,
            explanation: Explanation::default(),
        },
        why: Why::of(None),
        expires_at: tx.now() + TimeDelta::minutes(minutes.into()),
    };
    store(tx, origin, vec![placed], Cause::Vendor, None).await
}

/// Sets the deadlines of what was offered, and drops those of leads that nobody was found for.
pub(in crate::leads) async fn set_deadlines(tx: &mut Tx, deadlines: &Deadlines) -> Result<(), Problem> {
    let set: Vec<(LeadId, DateTime<Utc>)> = deadlines.iter().filter_map(|(id, at)| Some((*id, (*at)?))).collect();
    timer::set_all(tx, OFFER, &set).await?;
    for (id, _) in deadlines.iter().filter(|(_, at)| at.is_none()) {
        timer::clear(tx, OFFER, *id).await?;
    }
    Ok(())
}

async fn store(
    tx: &mut Tx,
    origin: &Origin,
    placed: Vec<Placed>,
    cause: Cause,
    version: Option<i64>,
) -> Result<Deadlines, Problem> {
    store_leads(tx, &placed).await?;
    store_offers(tx, &placed).await?;
    store_assignments(tx, &placed, cause, version).await?;
    let (mut offered, mut left, mut deadlines) = (Vec::new(), Vec::new(), Vec::new());
    for Placed {
        mut lead,
        decision,
        expires_at,
        ..
    } in placed
    {
        lead.version += 1;
        if decision.partners.is_empty() {
            deadlines.push((lead.id, None));
            left.push((lead.facts(), Vec::new()));
        } else {
            deadlines.push((lead.id, Some(expires_at)));
            lead.stage = Stage::Offered;
            let mut facts = lead.facts();
            facts.partner_id = decision.alone();
            facts.due_at = Some(expires_at);
            offered.push((facts, decision.partners));
        }
    }
    announce_all::<LeadOffered>(tx, origin, offered).await?;
    announce_all::<LeadUnassigned>(tx, origin, left).await?;
    Ok(deadlines)
}

impl Decision {
    /// The partner, when it is one and not a pool.
    fn alone(&self) -> Option<OrgId> {
        self.partners.first().copied().filter(|_| !self.pool)
    }

    fn outcome(&self) -> &'static str {
        match (self.partners.is_empty(), self.pool) {
            (true, _) => "unassigned",
            (false, true) => "pooled",
            (false, false) => "offered",
        }
    }
}

async fn store_leads(tx: &mut Tx, placed: &[Placed]) -> Result<(), Problem> {
    let row = |one: &Placed| {
        let stage = if one.decision.partners.is_empty() {
            one.lead.stage
        } else {
            Stage::Offered
        };
        json!({"id": one.lead.id.uuid(), "stage": stage.as_str(), "partner": one.decision.alone().map(OrgId::uuid)})
    };
    let rows: Vec<Value> = placed.iter().map(row).collect();
    let at = tx.now();
    sqlx::query!(
        "UPDATE lead l SET stage = r.stage, partner_id = r.partner, round = l.round + 1, version = l.version + 1,
                updated_at = $2, contact_due_at = NULL
         FROM jsonb_to_recordset($1) AS r (id uuid, stage text, partner uuid) WHERE l.id = r.id",
        Value::Array(rows),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn store_offers(tx: &mut Tx, placed: &[Placed]) -> Result<(), Problem> {
    let mut rows = Vec::new();
    for one in placed {
        let why = serde_json::to_value(&one.why).map_err(Problem::internal)?;
        for partner in &one.decision.partners {
            let id: LeadOfferId = tx.new_id();
            rows.push(
                json!({"id": id.uuid(), "lead": one.lead.id.uuid(), "vendor": one.lead.vendor_id.uuid(),
                "partner": partner.uuid(), "round": one.lead.round + 1, "pool": one.decision.pool,
                "expires": one.expires_at, "why": why}),
            );
        }
    }
    let at = tx.now();
    // A pool of hundreds makes as many rows of a lead; a statement's parameter has a limit.
    for rows in rows.chunks(5000) {
        sqlx::query!(
        "INSERT INTO lead_offer (id, lead_id, vendor_id, partner_id, round, pool, state, offered_at, expires_at, why)
         SELECT r.id, r.lead, r.vendor, r.partner, r.round, r.pool, 'open', $2, r.expires, r.why
         FROM jsonb_to_recordset($1) AS r (id uuid, lead uuid, vendor uuid, partner uuid, round int, pool boolean,
                                           expires timestamptz, why jsonb)",
        Value::Array(rows.to_vec()),
        at,
    )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

async fn store_assignments(tx: &mut Tx, placed: &[Placed], cause: Cause, version: Option<i64>) -> Result<(), Problem> {
    for placed in placed.chunks(EXPLAINED) {
        store_some_assignments(tx, placed, cause, version).await?;
    }
    Ok(())
}

/// A row of `lead_assignment` on its way: explanations are written as they are, since a tree of each would take longer
/// to make than the decision.
#[derive(Serialize)]
struct Assignment<'a> {
    lead: Uuid,
    round: i32,
    vendor: Uuid,
    outcome: &'static str,
    partners: Vec<Uuid>,
    explanation: &'a Explanation,
}

impl<'a> Assignment<'a> {
    fn of(one: &'a Placed) -> Self {
        Self {
            lead: one.lead.id.uuid(),
            round: one.lead.round + 1,
            vendor: one.lead.vendor_id.uuid(),
            outcome: one.decision.outcome(),
            partners: one.decision.partners.iter().map(|partner| partner.uuid()).collect(),
            explanation: &one.decision.explanation,
        }
    }
}

async fn store_some_assignments(
    tx: &mut Tx,
    placed: &[Placed],
    cause: Cause,
    version: Option<i64>,
) -> Result<(), Problem> {
    let rows: Vec<Assignment<'_>> = placed.iter().map(Assignment::of).collect();
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO lead_assignment (lead_id, round, vendor_id, at, cause, rules, outcome, partner_ids, explanation)
         SELECT r.lead, r.round, r.vendor, $2, $3, $4, r.outcome, r.partners, r.explanation
         FROM jsonb_to_recordset($1) AS r (lead uuid, round int, vendor uuid, outcome text, partners uuid[],
                                           explanation jsonb)",
        Json(&rows) as _,
        at,
        cause.as_str(),
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn store_turns(tx: &mut Tx, vendor: OrgId, floor: &Floor) -> Result<(), Problem> {
    let mut changed: Vec<_> = floor.turns.iter().filter(|(_, turn)| turn.changed).collect();
    changed.sort_unstable_by_key(|(key, _)| **key);
    let row = |((rule, partner), turn): &(&(Uuid, OrgId), &Turn)| json!({"rule": rule, "partner": partner.uuid(), "served": turn.served, "credit": turn.credit});
    let rows: Vec<Value> = changed.iter().map(row).collect();
    sqlx::query!(
        "INSERT INTO lead_turn (vendor_id, rule_id, partner_id, served, credit)
         SELECT $2, r.rule, r.partner, r.served, r.credit
         FROM jsonb_to_recordset($1) AS r (rule uuid, partner uuid, served bigint, credit bigint)
         ON CONFLICT (vendor_id, rule_id, partner_id) DO UPDATE SET served = excluded.served, credit = excluded.credit",
        Value::Array(rows),
        vendor.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
