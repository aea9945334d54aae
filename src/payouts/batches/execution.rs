//! Having an approved batch sent, as part of one transaction that holds the vendor's ledger.

use chrono::{DateTime, Datelike, Utc};
use guildhall_incentivize::api::{Entry, post};
use guildhall_kernel::PayoutBatchId;
use guildhall_spine::{App, db::Tx, event::Origin, http::Problem};
use uuid::Uuid;

use super::{PayoutBatch, digest::digest, file, payees, rows};
use crate::{
    codes,
    method::PayMethod,
    payouts::{announce, legs},
    posting::Step,
    secrets, settings,
};

/// Stops what must not go, and has the rest leave: in the ledger, in a file or a queue, in the events.
pub(super) async fn execute(app: &App, tx: &mut Tx, origin: &Origin, batch: &PayoutBatch) -> Result<(), Problem> {
    if rows::digest_of(tx, batch.id).await? != Some(digest(tx, batch.id).await?) {
        let detail = "Payees, destinations, amounts or lines are not those that were approved. Cancel the batch and propose \
                      another.";
        return Err(Problem::new(codes::BATCH_CHANGED, detail));
    }
    check_payer(tx, batch).await?;
    let mut stopped = stop_changed(tx, batch.id).await?;
    let (payees, unreadable) = payees::approved(app, tx, batch.id).await?;
    stop_unreadable(tx, &unreadable).await?;
    stopped.extend(unreadable);
    match batch.method {
        _ if payees.is_empty() => {}
        PayMethod::Pain001 | PayMethod::Nacha => file::write(app, tx, batch, &payees).await?,
        PayMethod::Stripe => settings::check_stripe(tx, batch.vendor_id).await?,
        PayMethod::Manual => {}
    }
    number(tx, batch).await?;
    let sent = send(tx, batch).await?;
    let entries: Vec<Entry> = legs::load(tx, &sent)
        .await?
        .iter()
        .map(|leg| leg.entry(Step::Sent))
        .collect();
    post(tx, &entries).await?;
    announce::stopped(tx, origin, &stopped).await?;
    match batch.method {
        // They are told of one by one, as each is.
        PayMethod::Stripe => Ok(()),
        _ => announce::sent(tx, origin, &sent).await,
    }
}

/// Whether the vendor may pay, and its bank still can on the day that was approved.
async fn check_payer(tx: &mut Tx, batch: &PayoutBatch) -> Result<(), Problem> {
    let active = sqlx::query_scalar!(
        r#"SELECT status = 'active' AS "active!" FROM organisation WHERE id = $1"#,
        batch.vendor_id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if !active {
        let detail = "Nothing is paid while the vendor is suspended. Execute the batch when it is active again.";
        return Err(Problem::new(codes::VENDOR_NOT_ACTIVE, detail));
    }
    let by_file = matches!(batch.method, PayMethod::Pain001 | PayMethod::Nacha);
    let today = tx.now().date_naive();
    if by_file && batch.execution_date < today {
        let detail = format!(
            "The bank was to pay on {}, and today is {today} (UTC). Cancel the batch and propose another with an execution_date \
             from today on.",
            batch.execution_date
        );
        return Err(Problem::new(codes::EXECUTION_DATE_PASSED, detail));
    }
    Ok(())
}

/// Stops payouts whose destination can't be opened: the others are paid.
async fn stop_unreadable(tx: &mut Tx, ids: &[Uuid]) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE payout SET status = 'stopped', version = version + 1, updated_at = $2, reason_code = $3, reason = $4
         WHERE id = ANY ($1)",
        ids,
        at,
        secrets::UNREADABLE,
        secrets::UNREADABLE_REASON
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stops payouts whose payee has changed the destination, isn't active any more, or may not be paid any more, since the
/// batch was proposed.
async fn stop_changed(tx: &mut Tx, batch: PayoutBatchId) -> Result<Vec<Uuid>, Problem> {
    let at = tx.now();
    let stopped = sqlx::query_scalar!(
        "UPDATE payout p SET status = 'stopped', version = p.version + 1, updated_at = $2, reason_code = w.code,
                reason = CASE w.code
                    WHEN 'profile_changed' THEN 'The destination was changed after the batch was proposed.'
                    WHEN 'no_consent' THEN 'The employer does not let its people be paid any more.'
                    ELSE 'The partnership or the company is not active any more.' END
         FROM (SELECT o.id, CASE WHEN f.destination_id <> o.destination_id THEN 'profile_changed'
                                 WHEN s.status IS DISTINCT FROM 'active' OR c.status <> 'active' THEN 'not_active'
                                 WHEN o.user_id IS NOT NULL AND NOT EXISTS (
                                     SELECT FROM payee_consent e
                                     WHERE e.partner_id = o.partner_id AND e.revoked_at IS NULL
                                       AND (e.vendor_id IS NULL OR e.vendor_id = o.vendor_id)) THEN 'no_consent' END AS code
               FROM payout o
               JOIN payout_profile f ON f.id = o.profile_id
               JOIN organisation c ON c.id = o.partner_id
               LEFT JOIN partnership s ON s.vendor_id = o.vendor_id AND s.partner_id = o.partner_id
               WHERE o.batch_id = $1 AND o.status = 'approved') w
         WHERE p.id = w.id AND w.code IS NOT NULL
         RETURNING p.id",
        batch.uuid(),
        at
    );
    Ok(stopped.fetch_all(&mut **tx).await?)
}

/// Numbers the invoices that the vendor writes for its partners: without gaps, since the series' row stays locked until the
/// numbers are committed.
async fn number(tx: &mut Tx, batch: &PayoutBatch) -> Result<(), Problem> {
    let year = tx.now().year();
    let billed = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM payout WHERE batch_id = $1 AND status = 'approved' AND self_billing"#,
        batch.id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if billed == 0 {
        return Ok(());
    }
    let last = sqlx::query_scalar!(
        "INSERT INTO self_billing_no AS n (vendor_id, year, last) VALUES ($1, $2, $3)
         ON CONFLICT (vendor_id, year) DO UPDATE SET last = n.last + excluded.last RETURNING last",
        batch.vendor_id.uuid(),
        year,
        billed
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE payout p SET self_billing_no = 'SB-' || $2::integer || '-' || lpad(($3::bigint + o.no)::text, 6, '0')
         FROM (SELECT id, row_number() OVER (ORDER BY id) AS no FROM payout
               WHERE batch_id = $1 AND status = 'approved' AND self_billing) o
         WHERE p.id = o.id",
        batch.id.uuid(),
        year,
        last - billed
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks what is approved as sent, or as being sent where a service is called for each.
async fn send(tx: &mut Tx, batch: &PayoutBatch) -> Result<Vec<Uuid>, Problem> {
    let at = tx.now();
    let one_by_one = batch.method == PayMethod::Stripe;
    let due: Option<DateTime<Utc>> = one_by_one.then_some(at);
    let sent = sqlx::query_scalar!(
        "UPDATE payout SET status = CASE WHEN $3 THEN 'sending' ELSE 'sent' END, posted_at = $2::timestamptz,
                sent_at = CASE WHEN NOT $3 THEN $2::timestamptz END, due_at = $4, version = version + 1, updated_at = $2::timestamptz
         WHERE batch_id = $1 AND status = 'approved' RETURNING id",
        batch.id.uuid(),
        at,
        one_by_one,
        due
    )
    .fetch_all(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(sent)
}
