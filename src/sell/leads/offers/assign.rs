use guildhall_kernel::OrgId;
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::act;
use super::hand_out::{Cause, hand_out, offer_to, set_deadlines};
use super::pull_back::take_back;
use crate::leads::lead::{
    access::ManagedLead,
    events::{LeadReleased, announce},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
    view::Lead,
};
use crate::leads::rules::settings;

/// To whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadAssignmentDraft {
    /// The partner; whom the rules choose when left out.
    #[serde(default)]
    partner_id: Option<OrgId>,
    /// How long the offer stands, in minutes; as the settings say when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 43200, example = 240)]
    offer_minutes: Option<i32>,
}

impl Validate for LeadAssignmentDraft {
    fn validate(&self, checks: &mut Checks) {
        let minutes = self.offer_minutes.is_none_or(|minutes| (1..=43_200).contains(&minutes));
        checks.check(minutes, "/offer_minutes", "range", "must be from 1 to 43200");
    }
}

/// Assign a lead
///
/// Offers it to a partner, or to whom the rules choose. It is taken from the partner that has it, and from those that
/// are asked.
#[utoipa::path(post, path = "/api/v1/leads/{id}/assign", operation_id = "assignLead", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadAssignmentDraft, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn assign_lead(
    ManagedLead(reached): ManagedLead,
    if_match: IfMatch,
    command: Command<LeadAssignmentDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock_in_turn(tx, &reached, &if_match, Move::Assign).await?;
    assign(tx, &reached.actor.origin(), lead, &draft).await?;
    act::answer(command, &reached).await
}

async fn assign(tx: &mut Tx, origin: &Origin, mut lead: Locked, draft: &LeadAssignmentDraft) -> Result<(), Problem> {
    let vendor = lead.vendor_id;
    if let Some(partner) = draft.partner_id
        && active_partnership(tx, vendor, partner).await?.is_none()
    {
        return Err(Problem::field(
            "/partner_id",
            "no_partnership",
            "must be an active partner in your program",
        ));
    }
    take_back(tx, origin, &mut lead, None).await?;
    if lead.stage == Stage::Disqualified {
        rows::advance(tx, &mut lead, &Change::to(Stage::New)).await?;
        announce::<LeadReleased>(tx, origin, lead.facts()).await?;
    }
    let deadlines = match draft.partner_id {
        Some(partner) => {
            let minutes = match draft.offer_minutes {
                Some(minutes) => minutes,
                None => settings::of(tx, vendor).await?.offer_minutes,
            };
            offer_to(tx, origin, lead, partner, minutes).await?
        }
        None => hand_out(tx, origin, vendor, vec![lead], Cause::Vendor).await?,
    };
    set_deadlines(tx, &deadlines).await
}
