//! The steps of a batch, for other pillars.

use std::collections::BTreeSet;

use guildhall_incentivize::api::lock_ledger;
use guildhall_kernel::{OrgId, PayoutBatchId, UserId};
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::{Problem, code},
};
use serde_json::Value;

use super::approve::illegal;
use super::digest::digest;
use super::events::{BatchApproved, BatchExecuted, BatchNow, BatchProposed, go_on};
use super::{BatchStatus, execution, propose, rows};
use crate::told::{read, signed};

/// Proposes a batch of the vendor as part of `tx`, for `by`. `body` is that of `POST /api/v1/payout-batches`.
///
/// # Errors
/// 422 with what is wrong with it, 409 `nothing_to_pay`.
pub(crate) async fn propose(tx: &mut Tx, vendor: OrgId, by: UserId, body: Value) -> Result<PayoutBatchId, Problem> {
    let draft: propose::PayoutBatchDraft = read(body)?;
    draft.check_date(tx.now().date_naive())?;
    let batch = propose::propose(tx, vendor, by, &draft).await?;
    let proposed = BatchProposed(BatchNow::from(&batch));
    event::append(tx, &signed(vendor, by), batch.id, &[vendor.uuid()], &proposed).await?;
    Ok(batch.id)
}

/// Approves a batch of the vendor as it is, as part of `tx`, for `by`.
///
/// # Errors
/// 404 when the vendor has no such batch, 409 `maker_is_approver` and `illegal_move`.
pub(crate) async fn approve(tx: &mut Tx, vendor: OrgId, id: PayoutBatchId, by: UserId) -> Result<(), Problem> {
    let batch = rows::lock(tx, vendor, id).await?;
    if batch.proposed_by == by {
        let detail = "You proposed this batch: somebody else must approve it.";
        return Err(Problem::new(code::MAKER_IS_APPROVER, detail));
    }
    if batch.status != BatchStatus::Proposed {
        return Err(illegal(&batch));
    }
    let digest = digest(tx, id).await?;
    let approved = BatchApproved(BatchNow::from(&rows::approve(tx, id, by, &digest).await?));
    event::append(tx, &signed(vendor, by), id, &[vendor.uuid()], &approved).await?;
    Ok(())
}

/// Executes an approved batch of the vendor as part of `tx`, for `by`.
///
/// # Errors
/// 404 when the vendor has no such batch, 409 `batch_changed`, `payment_file_refused` and `illegal_move`.
pub(crate) async fn execute(
    app: &App,
    tx: &mut Tx,
    vendor: OrgId,
    id: PayoutBatchId,
    by: UserId,
) -> Result<(), Problem> {
    let origin: Origin = signed(vendor, by);
    lock_ledger(tx, &BTreeSet::from([vendor])).await?;
    let batch = rows::lock(tx, vendor, id).await?;
    if batch.status != BatchStatus::Approved {
        return Err(illegal(&batch));
    }
    execution::execute(app, tx, &origin, &batch).await?;
    let batch = rows::execute(tx, id, by, BatchStatus::Executing).await?;
    event::append(
        tx,
        &origin,
        id,
        &[vendor.uuid()],
        &BatchExecuted(BatchNow::from(&batch)),
    )
    .await?;
    go_on(tx, &origin, &[id.uuid()]).await?;
    Ok(())
}
