use guildhall_spine::http::{Command, IfMatch, Problem, Reply};

use super::access::{Acted, OwnClaim};
use super::rows::Decided;
use super::view::Claim;
use super::{Status, events, rows};
use crate::nothing::Nothing;

/// Withdraw a claim
///
/// By who claimed it or the company's finance, while the vendor hasn't decided.
#[utoipa::path(post, path = "/api/v1/incentives/claims/{id}/withdraw", operation_id = "withdrawClaim", tag = "claims",
    security(("bearer" = ["rewards:read"])),
    params(
        ("id" = String, Path, description = "the claim", example = "clm_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the claim", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the claim after it", body = Claim,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_claim(
    OwnClaim(Acted { actor, sight, id }): OwnClaim,
    if_match: IfMatch,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let claim = rows::lock(tx, id, sight).await?;
    if_match.check(claim.version)?;
    claim.still_undecided()?;
    let decided = Decided {
        status: Status::Withdrawn,
        by: actor.user,
        because: None,
        answer: None,
        sale: None,
    };
    let claim = rows::decide(tx, id, sight, &decided).await?;
    events::tell(tx, &actor.origin(), &claim).await?;
    command.commit(Reply::ok(&claim)?.version(claim.version)).await
}
