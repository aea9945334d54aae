use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::EditableDeal;
use super::events::DealWithdrawn;
use super::rows::{self, Verdict};
use super::state::{DealStatus, Move};
use super::wire::Deal;
use super::{appeal, decide};

/// Why the partner gives up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealWithdrawal)]
pub(super) struct Withdrawal {
    /// For the vendor, 1 to 2000 characters.
    #[serde(default)]
    reason: Option<String>,
}

impl Validate for Withdrawal {
    fn validate(&self, checks: &mut Checks) {
        if let Some(reason) = &self.reason {
            checks.text("/reason", reason, 1, 2000, true);
        }
    }
}

/// Withdraw a deal
///
/// Gives the claim up, an approved one included. Final: the customer may be registered anew.
#[utoipa::path(post, path = "/api/v1/deals/{id}/withdraw", operation_id = "withdrawDeal", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Withdrawal, example = json!({"reason": "The customer has cancelled the project."})),
    responses((status = 200, description = "the withdrawn deal", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_deal(
    EditableDeal(reached): EditableDeal,
    if_match: IfMatch,
    command: Command<Withdrawal>,
) -> Result<Reply, Problem> {
    let (withdrawal, mut command) = command.take();
    let (deal, status) = decide::lock(&mut command, &reached, &if_match, Move::Withdraw).await?;
    if deal.status == DealStatus::Appealed {
        appeal::settle(&mut command.tx, deal.id, appeal::Outcome::Withdrawn, reached.actor.user).await?;
    }
    let verdict = Verdict {
        status,
        by: reached.actor.user,
        note: withdrawal.reason.as_deref(),
        reason: None,
        conflict_level: None,
    };
    let written = rows::decide(&mut command.tx, &deal, &verdict).await?;
    decide::finish::<DealWithdrawn>(command, &reached, written.facts()).await
}
