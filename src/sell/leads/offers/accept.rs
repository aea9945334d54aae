use chrono::TimeDelta;
use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    timer,
};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::act;
use super::rows::{self as offers, Answer};
use super::timers::{CONTACT, OFFER};
use crate::leads::code;
use crate::leads::lead::{
    access::WorkedLead,
    events::{LeadAccepted, LeadOfferEnded, announce, announce_all},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
    view::Lead,
};
use crate::leads::rules::settings;

/// Nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadAcceptance {}

impl Validate for LeadAcceptance {
    fn validate(&self, _: &mut Checks) {}
}

/// Accept a lead
///
/// Takes a lead that the partner is asked about, alone or in a pool: there the first to accept has it. From then on it
/// shows who the person is, and the first contact is due.
#[utoipa::path(post, path = "/api/v1/leads/{id}/accept", operation_id = "acceptLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadAcceptance, example = json!({})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn accept_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadAcceptance>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock(tx, &reached, &if_match, Move::Accept).await?;
    let by = (reached.org, reached.actor.user);
    accept(tx, &reached.actor.origin(), lead, by).await?;
    act::answer(command, &reached).await
}

/// Gives a locked lead to a partner that is asked about it.
pub(in crate::leads) async fn accept(
    tx: &mut Tx,
    origin: &Origin,
    mut lead: Locked,
    (partner, user): (OrgId, Option<UserId>),
) -> Result<(), Problem> {
    let now = tx.now();
    let open = offers::open(tx, &lead).await?;
    if !open
        .iter()
        .any(|offer| offer.partner_id == partner && offer.expires_at > now)
    {
        return Err(Problem::new(
            code::LEAD_GONE,
            "The offer has run out: the lead is offered to another partner.",
        ));
    }
    let answer = Answer {
        by: user,
        ..Answer::default()
    };
    offers::answer(tx, &lead, partner, (&["open"], "accepted"), &answer).await?;
    let others = offers::end(tx, &lead, &["open"], "taken").await?;
    let settings = settings::of(tx, lead.vendor_id).await?;
    let due = now + TimeDelta::minutes(settings.contact_minutes.into());
    let change = Change {
        partner: Some(partner),
        contact_due_at: Some(due),
        ..Change::to(Stage::Accepted)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, OFFER, lead.id).await?;
    timer::set(tx, CONTACT, lead.id, due, &json!({"notices": 0})).await?;
    let mut facts = lead.facts_for(partner);
    facts.due_at = Some(due);
    announce::<LeadAccepted>(tx, origin, facts).await?;
    let ended = others
        .iter()
        .map(|other| (lead.facts_for(*other), vec![*other]))
        .collect();
    announce_all::<LeadOfferEnded>(tx, origin, ended).await?;
    Ok(())
}
