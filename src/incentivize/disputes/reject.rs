use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Status;
use super::access::{DecidedDispute, Party};
use super::events::{self, DisputeDecided};
use super::rows::{self, Ending};
use super::view::Dispute;

/// Why the line stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeRejection)]
pub(super) struct Rejection {
    /// For the partner, 1 to 1000 characters.
    #[schema(example = "The sale is of August, before the gold tier")]
    note: String,
}

impl Validate for Rejection {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/note", &self.note, 1, 1000, true);
    }
}

/// Reject a dispute
///
/// The line stays as it is.
#[utoipa::path(post, path = "/api/v1/incentives/disputes/{id}/reject", operation_id = "rejectDispute", tag = "disputes",
    security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the dispute", example = "dsp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the dispute", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Rejection, example = json!({"note": "The sale is of August, before the gold tier"})),
    responses((status = 200, description = "the dispute after it", body = Dispute,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn reject_dispute(
    DecidedDispute(Party { actor, sight, id }): DecidedDispute,
    if_match: IfMatch,
    command: Command<Rejection>,
) -> Result<Reply, Problem> {
    let (rejection, mut command) = command.take();
    let tx = &mut command.tx;
    let dispute = rows::lock(tx, id, sight).await?;
    if_match.check(dispute.version)?;
    dispute.still_open()?;
    let ending = Ending {
        status: Status::Rejected,
        by: actor.user,
        note: Some(&rejection.note),
        adjustment: None,
    };
    rows::end(tx, id, &ending).await?;
    let dispute = rows::again(tx, id, sight).await?;
    events::tell(tx, &actor.origin(), &dispute, &DisputeDecided((&dispute).into())).await?;
    command.commit(Reply::ok(&dispute)?.version(dispute.version)).await
}
