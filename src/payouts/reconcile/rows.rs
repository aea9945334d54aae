//! Files that were taken in, and the payouts that a file names.

use std::collections::HashMap;

use guildhall_kernel::{Currency, Money, OrgId, PayoutBatchId, PayoutId, UserId, parse_id_text};
use guildhall_spine::{db::Tx, http::Problem};

use super::StatusFileResult;

/// What the same bytes have brought before.
pub(super) async fn earlier(tx: &mut Tx, vendor: OrgId, sha256: &[u8]) -> Result<Option<StatusFileResult>, Problem> {
    let result = sqlx::query_scalar!(
        "SELECT result FROM payout_status_file WHERE vendor_id = $1 AND sha256 = $2",
        vendor.uuid(),
        sha256
    )
    .fetch_optional(&mut **tx)
    .await?;
    result
        .map(serde_json::from_value)
        .transpose()
        .map_err(Problem::internal)
}

/// Notes what a file has brought.
pub(super) async fn note(
    tx: &mut Tx,
    (vendor, by): (OrgId, Option<UserId>),
    sha256: &[u8],
    result: &StatusFileResult,
) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO payout_status_file (vendor_id, sha256, message_id, received_by, received_at, result)
         VALUES ($1, $2, $3, $4, $5, $6)",
        vendor.uuid(),
        sha256,
        result.message_id,
        by.map(uuid::Uuid::from),
        at,
        serde_json::to_value(result).map_err(Problem::internal)?
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The vendor's payouts by the names that a file calls them: those that files order. One that is stopped waits for a
/// person, not for a file that a person may have written.
pub(super) async fn named(tx: &mut Tx, vendor: OrgId, names: &[String]) -> Result<HashMap<String, PayoutId>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id: PayoutId", end_to_end_id FROM payout
           WHERE vendor_id = $1 AND end_to_end_id = ANY ($2) AND posted_at IS NOT NULL
             AND method IN ('pain001', 'nacha') AND status <> 'stopped'"#,
        vendor.uuid(),
        names
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.end_to_end_id, row.id)).collect())
}

/// The batch of a file that we have ordered, by the file's id.
pub(super) fn batch_of(message_id: &str) -> Option<PayoutBatchId> {
    let (_, id) = parse_id_text(&format!("batch_{message_id}"))?;
    Some(id.into())
}

/// What of a batch has left: the names of its payouts, and their sum.
pub(super) async fn sent_of(
    tx: &mut Tx,
    vendor: OrgId,
    batch: PayoutBatchId,
) -> Result<(Vec<String>, Option<Money>), Problem> {
    let rows = sqlx::query!(
        "SELECT end_to_end_id, net, currency FROM payout
         WHERE vendor_id = $1 AND batch_id = $2 AND posted_at IS NOT NULL AND method IN ('pain001', 'nacha')
           AND status NOT IN ('failed', 'stopped') ORDER BY id",
        vendor.uuid(),
        batch.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    let currency = rows.first().and_then(|row| Currency::from_code(&row.currency));
    let sum = rows.iter().map(|row| row.net).sum();
    let names = rows.into_iter().map(|row| row.end_to_end_id).collect();
    Ok((names, currency.map(|currency| Money::new(sum, currency))))
}
