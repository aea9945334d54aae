use guildhall_spine::http::{Command, IfMatch, Problem, Reply};

use super::Status;
use super::access::{OwnDispute, Party};
use super::events::{self, DisputeWithdrawn};
use super::rows::{self, Ending};
use super::view::Dispute;
use crate::nothing::Nothing;

/// Withdraw a dispute
///
/// By the partner, or the person whose line it is, while it is open.
#[utoipa::path(post, path = "/api/v1/incentives/disputes/{id}/withdraw", operation_id = "withdrawDispute",
    tag = "disputes", security(("bearer" = ["rewards:read"])),
    params(
        ("id" = String, Path, description = "the dispute", example = "dsp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the dispute", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the dispute after it", body = Dispute,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_dispute(
    OwnDispute(Party { actor, sight, id }): OwnDispute,
    if_match: IfMatch,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let dispute = rows::lock(tx, id, sight).await?;
    if_match.check(dispute.version)?;
    dispute.still_open()?;
    let ending = Ending {
        status: Status::Withdrawn,
        by: actor.user,
        note: None,
        adjustment: None,
    };
    rows::end(tx, id, &ending).await?;
    let dispute = rows::again(tx, id, sight).await?;
    events::tell(tx, &actor.origin(), &dispute, &DisputeWithdrawn((&dispute).into())).await?;
    command.commit(Reply::ok(&dispute)?.version(dispute.version)).await
}
