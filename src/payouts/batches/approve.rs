use guildhall_spine::{
    access::right,
    event,
    http::{Command, IfMatch, Problem, Reply, code},
};

use super::access::OwnBatch;
use super::events::{BatchApproved, BatchNow};
use super::{BatchStatus, PayoutBatch, digest::digest, rows};
use crate::conditions::Nothing;
use crate::method::Named;

/// Approve a batch of payouts
///
/// By another person than who proposed it: else 409 `maker_is_approver`. What is approved is sealed: payees, destinations,
/// amounts and lines. The batch is executed as it is, or not at all.
#[utoipa::path(post, path = "/api/v1/payout-batches/{id}/approve", operation_id = "approvePayoutBatch", tag = "payouts",
    security(("bearer" = ["payouts:approve"])),
    params(
        ("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the batch that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the approved batch", body = PayoutBatch, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn approve_payout_batch(
    own: OwnBatch<right::PayoutApprove>,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let by = own.actor.require_user()?;
    let batch = rows::lock(&mut command.tx, own.vendor, own.batch.id).await?;
    if batch.proposed_by == by {
        let detail = "You proposed this batch: somebody else must approve it.";
        return Err(Problem::new(code::MAKER_IS_APPROVER, detail));
    }
    if_match.check(batch.version)?;
    if batch.status != BatchStatus::Proposed {
        return Err(illegal(&batch));
    }
    let digest = digest(&mut command.tx, batch.id).await?;
    let batch = rows::approve(&mut command.tx, batch.id, by, &digest).await?;
    let approved = BatchApproved(BatchNow::from(&batch));
    event::append(
        &mut command.tx,
        &own.actor.origin(),
        batch.id,
        &[own.vendor.uuid()],
        &approved,
    )
    .await?;
    command.commit(Reply::ok(&batch)?.version(batch.version)).await
}

/// Why the batch doesn't go that way, and which ways there are.
pub(super) fn illegal(batch: &PayoutBatch) -> Problem {
    let legal: &[&str] = match batch.status {
        BatchStatus::Proposed => &["approve", "cancel"],
        BatchStatus::Approved => &["execute", "cancel"],
        BatchStatus::Executing | BatchStatus::Executed | BatchStatus::Reconciled | BatchStatus::Cancelled => &[],
    };
    let detail = format!("The batch is {}.", batch.status.as_str());
    Problem::new(code::ILLEGAL_MOVE, detail).with("legal", legal.to_vec())
}
