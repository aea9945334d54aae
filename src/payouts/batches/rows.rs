//! Reading and writing batches.

use guildhall_kernel::{OrgId, PayoutBatchId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{BatchStatus, PayoutBatch};
use crate::method::{Named, PayMethod};

macro_rules! batch {
    ($head:literal, $tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            PayoutBatch,
            $head
                + r#" id AS "id: PayoutBatchId", version, vendor_id AS "vendor_id: OrgId", currency,
                      method AS "method: PayMethod", execution_date, note, status AS "status: BatchStatus", payouts,
                      skipped, gross, withheld, fees, net, proposed_by AS "proposed_by: UserId",
                      approved_by AS "approved_by: UserId", approved_at, executed_by AS "executed_by: UserId",
                      executed_at, created_at, updated_at "#
                + $tail,
            $($argument),+
        )
    };
}
pub(super) use batch;

/// A batch of `vendor`.
pub(crate) async fn find(conn: &mut PgConnection, vendor: OrgId, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    batch!(
        "SELECT",
        "FROM payout_batch WHERE vendor_id = $1 AND id = $2",
        vendor.uuid(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?
    .map(PayoutBatch::shown)
    .ok_or_else(Problem::not_found)
}

/// Locks a batch of `vendor` until the transaction ends.
pub(crate) async fn lock(tx: &mut Tx, vendor: OrgId, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    batch!(
        "SELECT",
        "FROM payout_batch WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE",
        vendor.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(PayoutBatch::shown)
    .ok_or_else(Problem::not_found)
}

/// A page of a vendor's batches, the newest first.
pub(super) async fn page(
    db: &PgPool,
    vendor: OrgId,
    status: Option<BatchStatus>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PayoutBatch>, sqlx::Error> {
    let batches = batch!(
        "SELECT",
        "FROM payout_batch WHERE vendor_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        vendor.uuid(),
        status.map(BatchStatus::as_str),
        before,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(batches.into_iter().map(PayoutBatch::shown).collect())
}

/// Writes that another person approved the batch, and what.
pub(super) async fn approve(tx: &mut Tx, id: PayoutBatchId, by: UserId, digest: &[u8]) -> Result<PayoutBatch, Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE payout SET status = 'approved', version = version + 1, updated_at = $2
         WHERE batch_id = $1 AND status = 'proposed'",
        id.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    let approved = batch!(
        "UPDATE payout_batch SET status = 'approved', approved_by = $2, approved_at = $4, digest = $3,
                version = version + 1, updated_at = $4
         WHERE id = $1 RETURNING",
        "",
        id.uuid(),
        by.uuid(),
        digest,
        at
    );
    Ok(approved.fetch_one(&mut **tx).await?.shown())
}

/// Writes that the batch is sent, or is being sent.
pub(super) async fn execute(
    tx: &mut Tx,
    id: PayoutBatchId,
    by: UserId,
    status: BatchStatus,
) -> Result<PayoutBatch, Problem> {
    let at = tx.now();
    let executed = batch!(
        "UPDATE payout_batch SET status = $3, executed_by = $2, executed_at = $4, version = version + 1, updated_at = $4
         WHERE id = $1 RETURNING",
        "",
        id.uuid(),
        by.uuid(),
        status.as_str(),
        at
    );
    Ok(executed.fetch_one(&mut **tx).await?.shown())
}

/// Writes that the batch will not be paid.
pub(super) async fn cancel(tx: &mut Tx, id: PayoutBatchId, by: UserId) -> Result<PayoutBatch, Problem> {
    let at = tx.now();
    let cancelled = batch!(
        "UPDATE payout_batch SET status = 'cancelled', cancelled_by = $2, version = version + 1, updated_at = $3
         WHERE id = $1 RETURNING",
        "",
        id.uuid(),
        by.uuid(),
        at
    );
    Ok(cancelled.fetch_one(&mut **tx).await?.shown())
}

/// Counts anew what a batch comes to.
pub(super) async fn recount(tx: &mut Tx, id: PayoutBatchId) -> Result<PayoutBatch, Problem> {
    let at = tx.now();
    let counted = batch!(
        "UPDATE payout_batch SET (payouts, gross, withheld, fees, net) = (
             SELECT count(*)::integer, coalesce(sum(p.gross), 0), coalesce(sum(p.withheld), 0), coalesce(sum(p.fees), 0),
                    coalesce(sum(p.net), 0)
             FROM payout p WHERE p.batch_id = $1 AND p.status <> 'cancelled'), version = version + 1, updated_at = $2
         WHERE id = $1 RETURNING",
        "",
        id.uuid(),
        at
    );
    Ok(counted.fetch_one(&mut **tx).await?.shown())
}

/// What was approved.
pub(super) async fn digest_of(tx: &mut Tx, id: PayoutBatchId) -> Result<Option<Vec<u8>>, sqlx::Error> {
    sqlx::query_scalar!("SELECT digest FROM payout_batch WHERE id = $1", id.uuid())
        .fetch_one(&mut **tx)
        .await
}

/// Ends what is done of `ids`: sent when nothing is being sent any more, reconciled when all is known. Returns those that
/// went on.
pub(crate) async fn go_on(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<PayoutBatch>, Problem> {
    let at = tx.now();
    let batches = batch!(
        "UPDATE payout_batch SET status = n.next, version = version + 1, updated_at = $2
         FROM (SELECT b.id AS batch,
                      CASE WHEN EXISTS (SELECT FROM payout p WHERE p.batch_id = b.id AND p.status = 'sending')
                               THEN 'executing'
                           WHEN EXISTS (SELECT FROM payout p WHERE p.batch_id = b.id AND p.status IN ('sent', 'stopped'))
                               THEN 'executed'
                           ELSE 'reconciled' END AS next
               FROM payout_batch b WHERE b.id = ANY ($1) AND b.status IN ('executing', 'executed')) n
         WHERE id = n.batch AND status <> n.next RETURNING",
        "",
        ids,
        at
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(batches.into_iter().map(PayoutBatch::shown).collect())
}
