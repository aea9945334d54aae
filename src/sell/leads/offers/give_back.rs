use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    timer,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act;
use super::hand_out::{Cause, hand_out, set_deadlines};
use super::rows::{self as offers, Answer};
use super::timers::CONTACT;
use crate::leads::lead::{
    access::WorkedLead,
    events::{LeadReturned, announce},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
};

/// Why a partner gives a lead back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::leads) enum LeadReturnReason {
    /// There is nobody for it any more.
    NoCapacity,
    /// Not where the partner sells.
    OutOfTerritory,
    /// Not what the partner sells.
    NoCompetence,
    /// The customer wants another partner.
    CustomerWish,
    /// Nobody answers.
    Unreachable,
    /// What the note says.
    Other,
}

impl LeadReturnReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoCapacity => "no_capacity",
            Self::OutOfTerritory => "out_of_territory",
            Self::NoCompetence => "no_competence",
            Self::CustomerWish => "customer_wish",
            Self::Unreachable => "unreachable",
            Self::Other => "other",
        }
    }
}

/// Why the partner gives the lead back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadReturn {
    /// The reason.
    reason: LeadReturnReason,
    /// In words, 1 to 2000 characters; needed for the reason `other`.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for LeadReturn {
    fn validate(&self, checks: &mut Checks) {
        act::check_note(
            checks,
            matches!(self.reason, LeadReturnReason::Other),
            self.note.as_ref(),
        );
    }
}

/// Return a lead
///
/// Gives a lead that was accepted back: another partner is asked at once.
#[utoipa::path(post, path = "/api/v1/leads/{id}/return", operation_id = "returnLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadReturn, example = json!({"reason": "customer_wish"})),
    responses((status = 204, description = "returned: the lead is not for these eyes any more")))]
pub(in crate::leads) async fn return_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadReturn>,
) -> Result<Reply, Problem> {
    let (given, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock_in_turn(tx, &reached, &if_match, Move::Return).await?;
    let answer = Answer {
        by: None,
        reason: Some(given.reason.as_str()),
        note: given.note.as_deref(),
    };
    give_back(tx, &reached.actor.origin(), lead, reached.org, &answer).await?;
    command.commit(Reply::no_content()).await
}

/// Takes a locked lead from the partner that has it, and asks the next; the caller holds the vendor's turn.
pub(in crate::leads) async fn give_back(
    tx: &mut Tx,
    origin: &Origin,
    mut lead: Locked,
    partner: OrgId,
    answer: &Answer<'_>,
) -> Result<(), Problem> {
    offers::answer(tx, &lead, partner, (&["accepted"], "returned"), answer).await?;
    let change = Change {
        reason: answer.reason,
        note: answer.note,
        ..Change::to(Stage::Returned)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, CONTACT, lead.id).await?;
    let mut facts = lead.facts_for(partner);
    facts.reason = answer.reason.map(str::to_owned);
    announce::<LeadReturned>(tx, origin, facts).await?;
    let vendor = lead.vendor_id;
    let deadlines = hand_out(tx, origin, vendor, vec![lead], Cause::Returned).await?;
    set_deadlines(tx, &deadlines).await
}
