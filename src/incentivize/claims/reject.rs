use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{Acted, DecidedClaim};
use super::rows::Decided;
use super::view::Claim;
use super::{Because, Status, events, rows};

/// Why a claim earns nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimRejection)]
pub(super) struct Rejection {
    /// The reason.
    because: Because,
    /// For the claimant, 1 to 1000 characters; needed for `other`.
    #[serde(default)]
    #[schema(example = "The serial number can't be read on the photograph")]
    answer: Option<String>,
}

impl Validate for Rejection {
    fn validate(&self, checks: &mut Checks) {
        if let Some(answer) = &self.answer {
            checks.text("/answer", answer, 1, 1000, true);
        }
        let said = self.because != Because::Other || self.answer.is_some();
        checks.check(said, "/answer", "missing", "say what the reason is");
    }
}

/// Reject a claim
///
/// It earns nothing, and the same can be claimed again.
#[utoipa::path(post, path = "/api/v1/incentives/claims/{id}/reject", operation_id = "rejectClaim", tag = "claims",
    security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the claim", example = "clm_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the claim", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Rejection, example = json!({"because": "proof_insufficient",
        "answer": "The serial number can't be read on the photograph"})),
    responses((status = 200, description = "the claim after it", body = Claim,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn reject_claim(
    DecidedClaim(Acted { actor, sight, id }): DecidedClaim,
    if_match: IfMatch,
    command: Command<Rejection>,
) -> Result<Reply, Problem> {
    let (rejection, mut command) = command.take();
    let tx = &mut command.tx;
    let claim = rows::lock(tx, id, sight).await?;
    if_match.check(claim.version)?;
    claim.still_undecided()?;
    let decided = Decided {
        status: Status::Rejected,
        by: actor.user,
        because: Some(rejection.because),
        answer: rejection.answer.as_deref(),
        sale: None,
    };
    let claim = rows::decide(tx, id, sight, &decided).await?;
    events::tell(tx, &actor.origin(), &claim).await?;
    command.commit(Reply::ok(&claim)?.version(claim.version)).await
}
