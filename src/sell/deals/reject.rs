use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::DecidableDeal;
use super::events::DealRejected;
use super::rows::{self, Verdict};
use super::state::{DealStatus, Move};
use super::wire::{Deal, RejectReason};
use super::{appeal, approvals, decide};

/// Why the vendor refuses.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealRejection)]
pub(super) struct Rejection {
    /// The reason.
    reason: RejectReason,
    /// For the partner, 1 to 2000 characters; needed for the reason `other`.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for Rejection {
    fn validate(&self, checks: &mut Checks) {
        match &self.note {
            Some(note) => checks.text("/note", note, 1, 2000, true),
            None => checks.check(
                self.reason != RejectReason::Other,
                "/note",
                "missing",
                "is needed for the reason other",
            ),
        }
    }
}

/// Reject a deal
///
/// Refuses the partner's claim. The partner may appeal within the time that the program's terms give, or register the
/// customer anew. Where people are asked to approve, one of them refuses, or an owner.
#[utoipa::path(post, path = "/api/v1/deals/{id}/reject", operation_id = "rejectDeal", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Rejection, example = json!({"reason": "existing_customer", "note": "We serve this account directly."})),
    responses((status = 200, description = "the rejected deal", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn reject_deal(
    DecidableDeal(reached): DecidableDeal,
    if_match: IfMatch,
    command: Command<Rejection>,
) -> Result<Reply, Problem> {
    let (rejection, mut command) = command.take();
    let (deal, status) = decide::lock(&mut command, &reached, &if_match, Move::Reject).await?;
    let (tx, actor) = (&mut command.tx, &reached.actor);
    appeal::refuse_same_person(tx, &deal, actor.user).await?;
    approvals::reject(tx, actor, &deal, rejection.note.as_deref()).await?;
    if deal.status == DealStatus::Appealed {
        appeal::settle(tx, deal.id, appeal::Outcome::Upheld, actor.user).await?;
    }
    let verdict = Verdict {
        status,
        by: reached.actor.user,
        note: rejection.note.as_deref(),
        reason: Some(rejection.reason),
        conflict_level: None,
    };
    let written = rows::decide(&mut command.tx, &deal, &verdict).await?;
    decide::finish::<DealRejected>(command, &reached, written.facts()).await
}
