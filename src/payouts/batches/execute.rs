use std::collections::BTreeSet;

use axum::extract::State;
use guildhall_incentivize::api::lock_ledger;
use guildhall_spine::{
    App,
    access::right,
    event,
    http::{Command, Problem, Reply},
};

use super::access::OwnBatch;
use super::approve::illegal;
use super::events::{BatchExecuted, BatchNow};
use super::{BatchStatus, PayoutBatch, execution, rows};
use crate::conditions::{Nothing, RepeatKey};

/// Execute a batch of payouts
///
/// Once: a batch that was executed is answered as it is, and nothing more is sent. A batch that isn't what was approved is
/// refused with 409 `batch_changed`, a file for a day that is over with `execution_date_passed`. A payout whose payee has
/// changed the destination since, or isn't active any more, is stopped for a person, the others are sent: as a file to be
/// fetched, or one after another. Money that leaves is in the ledger before it leaves.
#[utoipa::path(post, path = "/api/v1/payout-batches/{id}/execute", operation_id = "executePayoutBatch", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(
        ("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; needed here", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the batch", body = PayoutBatch, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn execute_payout_batch(
    State(app): State<App>,
    own: OwnBatch<right::PayoutPrepare>,
    key: RepeatKey,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    key.required()?;
    let by = own.actor.require_user()?;
    lock_ledger(&mut command.tx, &BTreeSet::from([own.vendor])).await?;
    let batch = rows::lock(&mut command.tx, own.vendor, own.batch.id).await?;
    let batch = match batch.status {
        BatchStatus::Approved => {
            let origin = own.actor.origin();
            execution::execute(&app, &mut command.tx, &origin, &batch).await?;
            let batch = rows::execute(&mut command.tx, batch.id, by, BatchStatus::Executing).await?;
            let executed = BatchExecuted(BatchNow::from(&batch));
            event::append(&mut command.tx, &origin, batch.id, &[own.vendor.uuid()], &executed).await?;
            let gone_on = super::events::go_on(&mut command.tx, &origin, &[batch.id.uuid()]).await?;
            gone_on.into_iter().next().unwrap_or(batch)
        }
        BatchStatus::Executing | BatchStatus::Executed | BatchStatus::Reconciled => batch,
        BatchStatus::Proposed | BatchStatus::Cancelled => return Err(illegal(&batch)),
    };
    command.commit(Reply::ok(&batch)?.version(batch.version)).await
}
