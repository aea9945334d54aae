//! The one way in which leads come in, whoever sends them.

use std::collections::HashMap;

use guildhall_kernel::{DealId, LeadFormId, LeadId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, FieldError, Problem},
};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::draft::{Checked, LeadDraft};
use super::duplicates::{Batch, Known, find};
use super::events::{LeadFacts, LeadMatchedDeal, LeadQuarantined, LeadReceived, LeadTouched, announce_all};
use super::rows;
use super::stage::Stage;
use crate::leads::offers::hand_out::{Cause, hand_out, set_deadlines};
use crate::leads::rules::{scoring::Scoring, settings};

/// What became of a lead that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadOutcome)]
pub enum Outcome {
    /// It is a lead of its own.
    Created,
    /// It is another sign of interest of a company with an open lead, and is kept with that.
    Touch,
    /// A live deal is with the company: it is kept, and handed to nobody.
    ExistingDeal,
    /// It looks like spam: the vendor releases it or not.
    Quarantined,
}

/// A lead that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenIn {
    /// The lead, or the one that it is kept with.
    pub lead: LeadId,
    /// What became of it.
    pub outcome: Outcome,
}

/// How leads come in.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// Whether they wait until somebody hands them out.
    pub hold: bool,
    /// The web form that they come by.
    pub form: Option<LeadFormId>,
    /// Why they look like spam.
    pub suspicions: Vec<&'static str>,
}

/// Takes leads in as part of `tx`: checks, scores, finds what is known already, stores and announces them, and hands
/// them out. Answers for each in turn: what became of it, or the faults of its fields.
///
/// # Errors
/// When the database fails.
pub async fn take_in(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    drafts: Vec<LeadDraft>,
    intake: &Intake,
) -> Result<Vec<Result<TakenIn, Vec<FieldError>>>, Problem> {
    let (mut answers, mut good) = (Vec::with_capacity(drafts.len()), Vec::new());
    for (place, draft) in drafts.into_iter().enumerate() {
        let mut checks = Checks::default();
        answers.push(Err(Vec::new()));
        match draft.check(vendor, "", &mut checks) {
            Some(checked) => good.push((place, checked)),
            None => put(&mut answers, place, Err(checks.faults().to_vec())),
        }
    }
    rows::take_turns(tx, vendor).await?;
    let mut sorted = Sorted::default();
    let known = if intake.suspicions.is_empty() {
        find(tx, vendor, &good).await?
    } else {
        HashMap::new()
    };
    let settings = settings::of(tx, vendor).await?;
    for (place, lead) in good {
        let taken = sorted
            .sort(tx, (lead, known.get(&place).copied()), &settings.scoring, intake)
            .await?;
        put(&mut answers, place, Ok(taken));
    }
    sorted.store(tx, origin, vendor, intake).await?;
    Ok(answers)
}

fn put<T>(answers: &mut [T], place: usize, answer: T) {
    if let Some(slot) = answers.get_mut(place) {
        *slot = answer;
    }
}

/// Leads on their way into the database.
#[derive(Debug, Default)]
struct Sorted {
    batch: Batch,
    leads: Vec<Value>,
    new: Vec<Uuid>,
    facts: Vec<(Outcome, LeadFacts)>,
    touches: Vec<(LeadId, Value)>,
}

impl Sorted {
    async fn sort(
        &mut self,
        tx: &mut Tx,
        (lead, known): (Checked, Option<Known>),
        scoring: &Scoring,
        intake: &Intake,
    ) -> Result<TakenIn, Problem> {
        let same = match known {
            Some(Known::Lead(lead)) => Some(lead),
            Some(Known::Deal(deal)) => of_deal(tx, deal).await?,
            None => None,
        };
        let spam = !intake.suspicions.is_empty();
        let same = same.or_else(|| self.batch.find(&lead)).filter(|_| !spam);
        if let Some(first) = same {
            self.touch(first, &lead)?;
            return Ok(TakenIn {
                lead: first,
                outcome: Outcome::Touch,
            });
        }
        let id: LeadId = tx.new_id();
        let (outcome, deal) = match known {
            _ if spam => (Outcome::Quarantined, None),
            Some(Known::Deal(deal)) => (Outcome::ExistingDeal, Some(deal)),
            _ => (Outcome::Created, None),
        };
        self.add(id, &lead, (outcome, deal), scoring, intake)?;
        self.touch(id, &lead)?;
        if !spam {
            self.batch.note(id, &lead);
        }
        Ok(TakenIn { lead: id, outcome })
    }

    fn touch(&mut self, lead: LeadId, sent: &Checked) -> Result<(), Problem> {
        let data = serde_json::to_value(&sent.draft).map_err(Problem::internal)?;
        let draft = &sent.draft;
        self.touches.push((
            lead,
            json!({"lead": lead.uuid(), "source": draft.source.as_str(), "campaign": draft.campaign,
                   "reference": draft.reference, "data": data}),
        ));
        Ok(())
    }

    fn add(
        &mut self,
        id: LeadId,
        lead: &Checked,
        (outcome, deal): (Outcome, Option<DealId>),
        scoring: &Scoring,
        intake: &Intake,
    ) -> Result<(), Problem> {
        let stage = match outcome {
            Outcome::Quarantined => Stage::Quarantined,
            Outcome::ExistingDeal => Stage::Disqualified,
            Outcome::Created | Outcome::Touch => Stage::New,
        };
        let (score, parts) = scoring.score(lead);
        self.leads.push(row(
            id,
            lead,
            stage,
            (score, serde_json::to_value(parts).map_err(Problem::internal)?),
            deal,
            intake,
        ));
        if outcome == Outcome::Created {
            self.new.push(id.uuid());
        }
        self.facts.push((
            outcome,
            LeadFacts {
                lead_id: id,
                vendor_id: OrgId::from(Uuid::nil()),
                partner_id: None,
                company_name: lead.draft.company.name.clone(),
                stage,
                source: lead.draft.source,
                version: 1,
                reason: None,
                due_at: None,
                deal_id: deal,
            },
        ));
        Ok(())
    }

    async fn store(self, tx: &mut Tx, origin: &Origin, vendor: OrgId, intake: &Intake) -> Result<(), Problem> {
        insert(tx, vendor, self.leads).await?;
        let made: Vec<LeadId> = self.facts.iter().map(|(_, facts)| facts.lead_id).collect();
        let again: Vec<Uuid> = self
            .touches
            .iter()
            .map(|(lead, _)| *lead)
            .filter(|lead| !made.contains(lead))
            .map(LeadId::uuid)
            .collect();
        insert_touches(tx, self.touches.into_iter().map(|(_, touch)| touch).collect()).await?;
        let mut told: [Vec<(LeadFacts, Vec<OrgId>)>; 3] = Default::default();
        let [received, quarantined, matched] = &mut told;
        for (outcome, mut facts) in self.facts {
            facts.vendor_id = vendor;
            match outcome {
                Outcome::Quarantined => quarantined.push((facts, Vec::new())),
                Outcome::ExistingDeal => matched.push((facts, Vec::new())),
                Outcome::Created | Outcome::Touch => received.push((facts, Vec::new())),
            }
        }
        let [received, quarantined, matched] = told;
        announce_all::<LeadReceived>(tx, origin, received).await?;
        announce_all::<LeadQuarantined>(tx, origin, quarantined).await?;
        announce_all::<LeadMatchedDeal>(tx, origin, matched).await?;
        let touched = rows::lock_all(tx, &again).await?;
        let touched = touched.iter().map(|lead| (lead.facts(), Vec::new())).collect();
        announce_all::<LeadTouched>(tx, origin, touched).await?;
        if !intake.hold && !self.new.is_empty() {
            let leads = rows::lock_all(tx, &self.new).await?;
            let deadlines = hand_out(tx, origin, vendor, leads, Cause::Received).await?;
            set_deadlines(tx, &deadlines).await?;
        }
        Ok(())
    }
}

/// The lead that the deal was made of, or that was kept for it before.
async fn of_deal(tx: &mut Tx, deal: DealId) -> Result<Option<LeadId>, sqlx::Error> {
    let lead = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (SELECT id FROM lead WHERE deal_id = $1
                                    UNION ALL SELECT id FROM lead WHERE existing_deal_id = $1) l ORDER BY id LIMIT 1"#,
        deal.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(lead.map(LeadId::from))
}

fn row(
    id: LeadId,
    lead: &Checked,
    stage: Stage,
    (score, parts): (i16, Value),
    deal: Option<DealId>,
    intake: &Intake,
) -> Value {
    let draft = &lead.draft;
    let contact = draft.contact.clone().unwrap_or_default();
    json!({
        "id": id.uuid(), "stage": stage.as_str(), "name": draft.company.name, "key": lead.key,
        "keys": lead.keys.to_stored(), "domain": lead.domain, "country": draft.company.country,
        "industry": draft.company.industry, "employees": draft.company.employees, "product": draft.product,
        "amount": lead.amount, "currency": draft.currency.filter(|_| lead.amount.is_some()).map(|currency| currency.code()),
        "contact_name": contact.name, "contact_title": contact.title, "contact_email": contact.email,
        "email_key": lead.email_key, "contact_phone": contact.phone, "message": draft.message,
        "source": draft.source.as_str(), "campaign": draft.campaign, "reference": draft.reference,
        "form": intake.form.map(LeadFormId::uuid), "score": score, "parts": parts, "suspicions": intake.suspicions,
        "reason": deal.map(|_| "existing_deal"), "deal": deal.map(DealId::uuid),
    })
}

async fn insert(tx: &mut Tx, vendor: OrgId, leads: Vec<Value>) -> Result<(), sqlx::Error> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO lead (id, vendor_id, stage, company_name, company_key, company_keys, domain, country, industry,
                           employees, product, amount, currency, contact_name, contact_title, contact_email,
                           contact_email_key, contact_phone, message, source, campaign, reference, form_id, score,
                           score_parts, suspicions, reason, existing_deal_id, touches, created_at, updated_at)
         SELECT r.id, $2, r.stage, r.name, r.key, r.keys, r.domain, r.country, r.industry, r.employees, r.product,
                r.amount, r.currency, r.contact_name, r.contact_title, r.contact_email, r.email_key, r.contact_phone,
                r.message, r.source, r.campaign, r.reference, r.form, r.score, r.parts, r.suspicions, r.reason, r.deal,
                0, $3, $3
         FROM jsonb_to_recordset($1) AS r (
             id uuid, stage text, name text, key text, keys bigint[], domain text, country text, industry text,
             employees int, product text, amount numeric, currency text, contact_name text, contact_title text,
             contact_email text, email_key text, contact_phone text, message text, source text, campaign text,
             reference text, form uuid, score smallint, parts jsonb, suspicions text[], reason text, deal uuid)",
        Value::Array(leads),
        vendor.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds touches to their leads, in order, after those that are there.
async fn insert_touches(tx: &mut Tx, touches: Vec<Value>) -> Result<(), sqlx::Error> {
    let at = tx.now();
    sqlx::query!(
        "WITH sent AS (
             SELECT r.*, row_number() OVER (PARTITION BY r.lead ORDER BY e.place)::int AS nth
             FROM jsonb_array_elements($1) WITH ORDINALITY AS e (value, place),
                  jsonb_to_record(e.value) AS r (lead uuid, source text, campaign text, reference text, data jsonb)
         ), counted AS (
             UPDATE lead l SET touches = l.touches + s.count
             FROM (SELECT lead, count(*)::int AS count FROM sent GROUP BY lead) s WHERE l.id = s.lead
             RETURNING l.id, l.touches - s.count AS before
         )
         INSERT INTO lead_touch (lead_id, no, at, source, campaign, reference, data)
         SELECT s.lead, c.before + s.nth, $2, s.source, s.campaign, s.reference, s.data
         FROM sent s JOIN counted c ON c.id = s.lead",
        Value::Array(touches),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
