use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedLead;
use super::events::{LeadReleased, announce};
use super::rows::{self, Change};
use super::stage::{Move, Stage};
use super::view::Lead;
use crate::leads::offers::act;
use crate::leads::offers::hand_out::{Cause, hand_out, set_deadlines};

/// Nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadRelease {}

impl Validate for LeadRelease {
    fn validate(&self, _: &mut Checks) {}
}

/// Release a lead
///
/// Says that a quarantined lead is no spam, and hands it out.
#[utoipa::path(post, path = "/api/v1/leads/{id}/release", operation_id = "releaseLead", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadRelease, example = json!({})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn release_lead(
    ManagedLead(reached): ManagedLead,
    if_match: IfMatch,
    command: Command<LeadRelease>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let mut lead = act::lock_in_turn(tx, &reached, &if_match, Move::Release).await?;
    rows::advance(tx, &mut lead, &Change::to(Stage::New)).await?;
    let origin = reached.actor.origin();
    announce::<LeadReleased>(tx, &origin, lead.facts()).await?;
    let deadlines = hand_out(tx, &origin, reached.org, vec![lead], Cause::Released).await?;
    set_deadlines(tx, &deadlines).await?;
    act::answer(command, &reached).await
}
