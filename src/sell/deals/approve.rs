use guildhall_kernel::DealId;
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::DecidableDeal;
use super::approvals::{self, Vote};
use super::grant::{Grant, grant};
use super::rows;
use super::state::Move;
use super::wire::Deal;
use super::{appeal, decide};

/// The word that goes with an approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealApproval)]
pub(super) struct Approval {
    /// For the partner, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// The approved registrations that this one probably conflicts with and that it may stand beside, at most 50.
    #[serde(default)]
    #[schema(max_items = 50)]
    acknowledged_conflicts: Vec<DealId>,
}

impl Validate for Approval {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        let few = self.acknowledged_conflicts.len() <= 50;
        checks.check(few, "/acknowledged_conflicts", "length", "must have at most 50 ids");
    }
}

/// Approve a deal
///
/// Protects the partner's claim on the customer. A customer whose domain another partner holds an approved
/// registration for can't be approved (`customer_protected`). Approved registrations that are likely the same customer
/// must be acknowledged by id (`unacknowledged_conflicts`, with the ids in `conflicts`). The partnership must be active
/// (`partnership_not_active`).
///
/// Where the program's approval policy asks several people, this is one of their votes, and the last one approves;
/// somebody who isn't asked now is refused with who is (`not_up_next`).
#[utoipa::path(post, path = "/api/v1/deals/{id}/approve", operation_id = "approveDeal", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Approval, example = json!({"note": "Welcome aboard. Protected for 90 days."})),
    responses((status = 200, description = "the approved deal", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn approve_deal(
    DecidableDeal(reached): DecidableDeal,
    if_match: IfMatch,
    command: Command<Approval>,
) -> Result<Reply, Problem> {
    let (approval, mut command) = command.take();
    rows::take_turns(&mut command.tx, reached.org).await?;
    let (deal, _) = decide::lock(&mut command, &reached, &if_match, Move::Approve).await?;
    appeal::refuse_same_person(&mut command.tx, &deal, reached.actor.user).await?;
    let vote = approvals::approve(&mut command.tx, &reached.actor, &deal, approval.note.as_deref()).await?;
    if vote == Vote::Counted {
        return decide::answer(command, &reached, deal.id).await;
    }
    let by_person = Grant {
        by: reached.actor.user,
        note: approval.note.as_deref(),
        acknowledged: &approval.acknowledged_conflicts,
        rule: None,
    };
    grant(&mut command.tx, &reached.actor.origin(), &deal, &by_person).await?;
    decide::answer(command, &reached, deal.id).await
}
