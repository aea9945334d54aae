use guildhall_kernel::OrgId;
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act;
use super::hand_out::{Cause, hand_out, set_deadlines};
use super::rows::{self as offers, Answer};
use crate::leads::lead::{
    access::WorkedLead,
    events::{LeadDeclined, announce},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
};

/// Why a partner does not want a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::leads) enum LeadDeclineReason {
    /// There is nobody for it now.
    NoCapacity,
    /// Not where the partner sells.
    OutOfTerritory,
    /// Not what the partner sells.
    NoCompetence,
    /// The partner works with the company's rival, or the company itself.
    ConflictOfInterest,
    /// Too little for the work.
    TooSmall,
    /// What the note says.
    Other,
}

impl LeadDeclineReason {
    const fn as_str(self) -> &'static str {
        match self {
            Self::NoCapacity => "no_capacity",
            Self::OutOfTerritory => "out_of_territory",
            Self::NoCompetence => "no_competence",
            Self::ConflictOfInterest => "conflict_of_interest",
            Self::TooSmall => "too_small",
            Self::Other => "other",
        }
    }
}

/// Why the partner does not want the lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadDecline {
    /// The reason.
    reason: LeadDeclineReason,
    /// In words, 1 to 2000 characters; needed for the reason `other`.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for LeadDecline {
    fn validate(&self, checks: &mut Checks) {
        act::check_note(
            checks,
            matches!(self.reason, LeadDeclineReason::Other),
            self.note.as_ref(),
        );
    }
}

/// Decline a lead
///
/// The next partner is asked at once; this one is not asked again, unless a rule says so. Of a pool, the others go on
/// being asked.
#[utoipa::path(post, path = "/api/v1/leads/{id}/decline", operation_id = "declineLead", tag = "leads",
    security(("bearer" = ["leads:work"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadDecline, example = json!({"reason": "no_capacity"})),
    responses((status = 204, description = "declined: the lead is not for these eyes any more")))]
pub(in crate::leads) async fn decline_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadDecline>,
) -> Result<Reply, Problem> {
    let (decline, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock_in_turn(tx, &reached, &if_match, Move::Decline).await?;
    let answer = Answer {
        by: reached.actor.user,
        reason: Some(decline.reason.as_str()),
        note: decline.note.as_deref(),
    };
    turn_down(tx, &reached.actor.origin(), lead, reached.org, &answer).await?;
    command.commit(Reply::no_content()).await
}

/// Ends what a partner was asked about a locked lead, and asks the next; the caller holds the vendor's turn.
pub(in crate::leads) async fn turn_down(
    tx: &mut Tx,
    origin: &Origin,
    mut lead: Locked,
    partner: OrgId,
    answer: &Answer<'_>,
) -> Result<(), Problem> {
    offers::answer(tx, &lead, partner, (&["open"], "declined"), answer).await?;
    let is_last = offers::open(tx, &lead).await?.is_empty();
    let stage = if is_last { Stage::New } else { Stage::Offered };
    rows::advance(tx, &mut lead, &Change::to(stage)).await?;
    let mut facts = lead.facts_for(partner);
    facts.reason = answer.reason.map(str::to_owned);
    announce::<LeadDeclined>(tx, origin, facts).await?;
    if is_last {
        let vendor = lead.vendor_id;
        let deadlines = hand_out(tx, origin, vendor, vec![lead], Cause::Declined).await?;
        set_deadlines(tx, &deadlines).await?;
    }
    Ok(())
}
