//! What the partner that has a lead tells of it.

use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    timer,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::act;
use super::rows::{self as offers, Answer};
use super::timers::CONTACT;
use crate::leads::lead::{
    access::{Reached, WorkedLead},
    discard::LeadDisqualification,
    events::{LeadContacted, LeadDisqualified, LeadFacts, LeadQualified, announce},
    notes,
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
    view::Lead,
};

/// What was said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadProgress {
    /// Kept with the lead as a note, 1 to 4000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for LeadProgress {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 4000, true);
        }
    }
}

/// Record the first contact
///
/// The partner has spoken with the customer: nothing is overdue any more.
#[utoipa::path(post, path = "/api/v1/leads/{id}/contact", operation_id = "contactLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadProgress, example = json!({"note": "Called; they want an offer in May."})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn contact_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadProgress>,
) -> Result<Reply, Problem> {
    let (mut command, facts) = progress(command, &reached, &if_match, (Move::Contact, Stage::Contacted)).await?;
    announce::<LeadContacted>(&mut command.tx, &reached.actor.origin(), facts).await?;
    act::answer(command, &reached).await
}

/// Qualify a lead
///
/// The partner found that there is something to sell.
#[utoipa::path(post, path = "/api/v1/leads/{id}/qualify", operation_id = "qualifyLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadProgress, example = json!({"note": "Budget is there, 40 gateways."})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn qualify_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadProgress>,
) -> Result<Reply, Problem> {
    let (mut command, facts) = progress(command, &reached, &if_match, (Move::Qualify, Stage::Qualified)).await?;
    announce::<LeadQualified>(&mut command.tx, &reached.actor.origin(), facts).await?;
    act::answer(command, &reached).await
}

async fn progress(
    command: Command<LeadProgress>,
    reached: &Reached,
    if_match: &IfMatch,
    (made, stage): (Move, Stage),
) -> Result<(Command<()>, LeadFacts), Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock(tx, reached, if_match, made).await?;
    let facts = go_on(tx, lead, reached.org, stage).await?;
    if let Some(note) = &body.note {
        notes::insert(tx, reached, notes::NoteKind::Note, note).await?;
    }
    Ok((command, facts))
}

/// Moves a locked lead on for the partner that has it: nothing is overdue any more.
pub(in crate::leads) async fn go_on(
    tx: &mut Tx,
    mut lead: Locked,
    partner: OrgId,
    stage: Stage,
) -> Result<LeadFacts, Problem> {
    let change = Change {
        partner: Some(partner),
        ..Change::to(stage)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, CONTACT, lead.id).await?;
    Ok(lead.facts_for(partner))
}

/// Disqualify a lead
///
/// The partner found that nothing will come of it. The vendor may still assign it anew.
#[utoipa::path(post, path = "/api/v1/leads/{id}/disqualify", operation_id = "disqualifyLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadDisqualification, example = json!({"reason": "no_budget"})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn disqualify_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadDisqualification>,
) -> Result<Reply, Problem> {
    let (why, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock(tx, &reached, &if_match, Move::Disqualify).await?;
    let why = (why.reason.as_str(), why.note.as_deref());
    give_up(tx, &reached.actor.origin(), lead, reached.org, why).await?;
    act::answer(command, &reached).await
}

/// Nothing will come of a locked lead, says the partner that has it.
pub(in crate::leads) async fn give_up(
    tx: &mut Tx,
    origin: &Origin,
    mut lead: Locked,
    partner: OrgId,
    (reason, note): (&str, Option<&str>),
) -> Result<(), Problem> {
    offers::answer(tx, &lead, partner, (&["accepted"], "done"), &Answer::default()).await?;
    let change = Change {
        partner: Some(partner),
        reason: Some(reason),
        note,
        ..Change::to(Stage::Disqualified)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, CONTACT, lead.id).await?;
    let mut facts = lead.facts_for(partner);
    facts.reason = Some(reason.to_owned());
    announce::<LeadDisqualified>(tx, origin, facts).await?;
    Ok(())
}
