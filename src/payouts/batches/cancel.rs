use std::collections::BTreeSet;

use guildhall_incentivize::api::lock_ledger;
use guildhall_kernel::{PayoutBatchId, PayoutId};
use guildhall_spine::{
    access::right,
    db::Tx,
    event,
    http::{Command, IfMatch, Problem, Reply},
};
use uuid::Uuid;

use super::access::OwnBatch;
use super::approve::illegal;
use super::events::{BatchCancelled, BatchNow};
use super::{BatchStatus, PayoutBatch, rows};
use crate::conditions::Nothing;

/// Cancel a batch of payouts
///
/// Before it is executed. What it was to pay is payable again.
#[utoipa::path(post, path = "/api/v1/payout-batches/{id}/cancel", operation_id = "cancelPayoutBatch", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(
        ("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the batch that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the cancelled batch", body = PayoutBatch, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn cancel_payout_batch(
    own: OwnBatch<right::PayoutPrepare>,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let by = own.actor.require_user()?;
    let tx = &mut command.tx;
    lock_ledger(tx, &BTreeSet::from([own.vendor])).await?;
    let batch = rows::lock(tx, own.vendor, own.batch.id).await?;
    if_match.check(batch.version)?;
    if !matches!(batch.status, BatchStatus::Proposed | BatchStatus::Approved) {
        return Err(illegal(&batch));
    }
    release(tx, batch.id, None).await?;
    let batch = rows::cancel(tx, batch.id, by).await?;
    let cancelled = BatchCancelled(BatchNow::from(&batch));
    event::append(tx, &own.actor.origin(), batch.id, &[own.vendor.uuid()], &cancelled).await?;
    command.commit(Reply::ok(&batch)?.version(batch.version)).await
}

/// Cancels payouts that have not been sent, one or all of a batch, and has their lines be payable again. Returns how many
/// payouts that were.
pub(super) async fn release(tx: &mut Tx, batch: PayoutBatchId, one: Option<PayoutId>) -> Result<usize, Problem> {
    let at = tx.now();
    let released: Vec<Uuid> = sqlx::query_scalar!(
        "UPDATE payout SET status = 'cancelled', version = version + 1, updated_at = $3
         WHERE batch_id = $1 AND status IN ('proposed', 'approved') AND ($2::uuid IS NULL OR id = $2) RETURNING id",
        batch.uuid(),
        one.map(Uuid::from),
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE earning SET status = 'payable', payout_id = NULL, version = version + 1, updated_at = $2
         WHERE payout_id = ANY ($1)",
        &released,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(released.len())
}
