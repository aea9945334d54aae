//! What was approved, as one number: SHA-256 over what is paid from, payees, destinations, amounts and lines.

use guildhall_kernel::PayoutBatchId;
use guildhall_spine::{db::Tx, http::Problem};

/// The digest of a batch as it is now. A line is told by the earning's own amount and the payout that it is in, so that
/// whatever is changed behind a batch shows.
pub(super) async fn digest(tx: &mut Tx, batch: PayoutBatchId) -> Result<Vec<u8>, Problem> {
    let digest = sqlx::query_scalar!(
        r#"SELECT sha256(convert_to(
               b.vendor_id || '|' || b.currency || '|' || b.method || '|' || b.execution_date || '|' || coalesce((
                   SELECT concat_ws('|', s.debtor_secret_id, s.stripe_secret_id, s.nacha)
                   FROM payout_settings s WHERE s.vendor_id = b.vendor_id), '') || coalesce((
                   SELECT string_agg(
                       concat_ws('|', p.id, p.partner_id, coalesce(p.user_id::text, '-'), p.destination_id, p.masked,
                           p.currency, p.gross, p.withheld, p.fees, p.net, p.withholding_percent, p.self_billing,
                           p.vat_percent, p.country, p.profile_id, p.method, p.end_to_end_id, l.earning_id, l.amount, e.amount,
                           coalesce(e.payout_id::text, '-'), e.status),
                       E'\n' ORDER BY p.id, l.earning_id)
                   FROM payout p
                   LEFT JOIN payout_line l ON l.payout_id = p.id
                   LEFT JOIN earning e ON e.id = l.earning_id
                   WHERE p.batch_id = b.id AND p.status <> 'cancelled'), ''), 'UTF8')) AS "digest!"
           FROM payout_batch b WHERE b.id = $1"#,
        batch.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(digest)
}
