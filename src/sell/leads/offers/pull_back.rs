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
use super::rows as offers;
use super::timers::{CONTACT, OFFER};
use crate::leads::lead::{
    access::ManagedLead,
    events::{LeadOfferEnded, LeadPulledBack, announce, announce_all},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
    view::Lead,
};

/// Why the vendor takes a lead away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadPullBack {
    /// For the partner, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for LeadPullBack {
    fn validate(&self, checks: &mut Checks) {
        act::check_note(checks, false, self.note.as_ref());
    }
}

/// Pull a lead back
///
/// Takes it away from the partner that has it, or from those that are asked. It waits until somebody hands it out.
#[utoipa::path(post, path = "/api/v1/leads/{id}/pull-back", operation_id = "pullBackLead", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadPullBack, example = json!({"note": "The customer asked for another partner."})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn pull_back_lead(
    ManagedLead(reached): ManagedLead,
    if_match: IfMatch,
    command: Command<LeadPullBack>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let mut lead = act::lock_in_turn(tx, &reached, &if_match, Move::PullBack).await?;
    take_back(tx, &reached.actor.origin(), &mut lead, body.note.as_deref()).await?;
    act::answer(command, &reached).await
}

/// Takes a locked lead from whoever has it or is asked. Nothing is announced of a lead that nobody has.
pub(super) async fn take_back(
    tx: &mut Tx,
    origin: &Origin,
    lead: &mut Locked,
    note: Option<&str>,
) -> Result<(), Problem> {
    let asked = offers::end(tx, lead, &["open"], "pulled_back").await?;
    let held = offers::end(tx, lead, &["accepted", "done"], "pulled_back").await?;
    timer::clear(tx, OFFER, lead.id).await?;
    timer::clear(tx, CONTACT, lead.id).await?;
    if asked.is_empty() && held.is_empty() {
        return Ok(());
    }
    let change = Change {
        note,
        ..Change::to(Stage::New)
    };
    rows::advance(tx, lead, &change).await?;
    let told = |partners: Vec<OrgId>| {
        partners
            .into_iter()
            .map(|partner| (lead.facts_for(partner), vec![partner]))
            .collect()
    };
    announce_all::<LeadOfferEnded>(tx, origin, told(asked)).await?;
    for partner in held {
        announce::<LeadPulledBack>(tx, origin, lead.facts_for(partner)).await?;
    }
    Ok(())
}
