use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use guildhall_spine::timer;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::ManagedLead;
use super::events::{LeadDisqualified, LeadOfferEnded, announce, announce_all};
use super::rows::{self, Change};
use super::stage::{Move, Stage};
use super::view::Lead;
use crate::leads::offers::{act, rows as offers, timers::OFFER};

/// Why nothing will come of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::leads) enum LeadDisqualifyReason {
    /// Nobody is interested.
    NoInterest,
    /// There is no money for it.
    NoBudget,
    /// It needs something else.
    NoFit,
    /// Nobody answers.
    Unreachable,
    /// It bought elsewhere.
    Competitor,
    /// It is known already.
    Duplicate,
    /// It is spam.
    Spam,
    /// What the note says.
    Other,
}

impl LeadDisqualifyReason {
    /// The name on the wire.
    pub(in crate::leads) const fn as_str(self) -> &'static str {
        match self {
            Self::NoInterest => "no_interest",
            Self::NoBudget => "no_budget",
            Self::NoFit => "no_fit",
            Self::Unreachable => "unreachable",
            Self::Competitor => "competitor",
            Self::Duplicate => "duplicate",
            Self::Spam => "spam",
            Self::Other => "other",
        }
    }
}

/// Why a lead is given up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadDisqualification {
    /// The reason.
    pub(in crate::leads) reason: LeadDisqualifyReason,
    /// In words, 1 to 2000 characters; needed for the reason `other`.
    #[serde(default)]
    pub(in crate::leads) note: Option<String>,
}

impl Validate for LeadDisqualification {
    fn validate(&self, checks: &mut Checks) {
        let other = matches!(self.reason, LeadDisqualifyReason::Other);
        act::check_note(checks, other, self.note.as_ref());
    }
}

/// Discard a lead
///
/// Gives up a lead that no partner has taken: spam, a duplicate, nothing to sell.
#[utoipa::path(post, path = "/api/v1/leads/{id}/discard", operation_id = "discardLead", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadDisqualification, example = json!({"reason": "spam"})),
    responses((status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn discard_lead(
    ManagedLead(reached): ManagedLead,
    if_match: IfMatch,
    command: Command<LeadDisqualification>,
) -> Result<Reply, Problem> {
    let (why, mut command) = command.take();
    let (tx, origin) = (&mut command.tx, reached.actor.origin());
    let mut lead = act::lock_in_turn(tx, &reached, &if_match, Move::Discard).await?;
    let asked = offers::end(tx, &lead, &["open"], "pulled_back").await?;
    let change = Change {
        reason: Some(why.reason.as_str()),
        note: why.note.as_deref(),
        ..Change::to(Stage::Disqualified)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, OFFER, lead.id).await?;
    let ended = asked
        .iter()
        .map(|partner| (lead.facts_for(*partner), vec![*partner]))
        .collect();
    announce_all::<LeadOfferEnded>(tx, &origin, ended).await?;
    let mut facts = lead.facts();
    facts.reason = Some(why.reason.as_str().to_owned());
    announce::<LeadDisqualified>(tx, &origin, facts).await?;
    act::answer(command, &reached).await
}
