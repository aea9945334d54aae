use std::collections::BTreeSet;

use guildhall_incentivize::api::lock_ledger;
use guildhall_spine::{
    access::right,
    event,
    http::{Command, IfMatch, Problem, Reply, code},
};

use super::access::OwnPayout;
use super::approve::illegal;
use super::cancel::release;
use super::events::{BatchNow, BatchReduced};
use super::{BatchStatus, PayoutBatch, rows};
use crate::{codes, conditions::Nothing};

/// Remove a payout from a batch
///
/// Before the batch is approved; later, 409 `batch_approved`. What the payout was to pay is payable again.
#[utoipa::path(post, path = "/api/v1/payouts/{id}/remove", operation_id = "removePayout", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(
        ("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the batch that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the batch without it", body = PayoutBatch, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn remove_payout(
    own: OwnPayout<right::PayoutPrepare>,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let tx = &mut command.tx;
    lock_ledger(tx, &BTreeSet::from([own.vendor])).await?;
    let batch = rows::lock(tx, own.vendor, own.batch).await?;
    match batch.status {
        BatchStatus::Proposed => {}
        BatchStatus::Approved => {
            let detail = "The batch is approved as it is: cancel it and propose another without this payout.";
            return Err(Problem::new(codes::BATCH_APPROVED, detail));
        }
        _ => return Err(illegal(&batch)),
    }
    if_match.check(batch.version)?;
    if release(tx, batch.id, Some(own.payout)).await? == 0 {
        return Err(Problem::new(code::ILLEGAL_MOVE, "The payout is removed already."));
    }
    let batch = rows::recount(tx, batch.id).await?;
    let reduced = BatchReduced(BatchNow::from(&batch));
    event::append(tx, &own.actor.origin(), batch.id, &[own.vendor.uuid()], &reduced).await?;
    command.commit(Reply::ok(&batch)?.version(batch.version)).await
}
