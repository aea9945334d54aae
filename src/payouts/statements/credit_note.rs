use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use chrono::Datelike;
use guildhall_kernel::{OrgId, PayoutId, entity};
use guildhall_spine::{
    App,
    db::Tx,
    http::{PathId, Problem},
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use uuid::Uuid;

use super::access::InvoiceReader;
use super::billed::{bill, drawn, find};
use super::code;
use super::invoice::{document, genuine};

/// Fetch the credit note of a payout
///
/// What takes the self-billing invoice of a payout back that failed or came back after its invoice was drawn, as PDF. It has
/// a number of a series of its own, names the invoice and has its lines and amounts. It is drawn when it is first asked for,
/// and is the same file from then on. It is for whom the invoice is.
#[utoipa::path(get, path = "/api/v1/payouts/{id}/credit-note", operation_id = "getPayoutCreditNote", tag = "payouts",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses(
        (status = 200, description = "the credit note", content_type = "application/pdf", body = Vec<u8>, headers(
            ("ETag" = String, description = "the SHA-256 of its bytes"),
            ("Content-Disposition" = String, description = "`attachment` with its name"))),
        (status = 404, description = "`not_found`: no such payout, it isn't sent, or its invoice isn't for these eyes; `no_invoice`: there is no invoice to take back", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_payout_credit_note(
    State(app): State<App>,
    reader: InvoiceReader,
    PathId(id): PathId<entity::Payout>,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let billed = find(&mut conn, id, reader).await?;
    let Some(number) = billed.credit_note_no.clone() else {
        let detail = "A payout has one when it failed or came back after its invoice was drawn.";
        return Err(Problem::new(code::NO_INVOICE, detail));
    };
    let bytes = match stored(&mut conn, id).await? {
        Some(bytes) => bytes,
        None => {
            let bill = bill(&app, &mut conn, billed, true).await?;
            drop(conn);
            keep(&app, id, drawn(bill).await?).await?
        }
    };
    document(bytes, &number)
}

async fn stored(conn: &mut PgConnection, id: PayoutId) -> Result<Option<Vec<u8>>, Problem> {
    let row = sqlx::query!(
        "SELECT bytes, sha256 FROM payout_credit_note WHERE payout_id = $1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| genuine(row.bytes, &row.sha256)).transpose()
}

/// Keeps the credit note; whoever was first decides on its bytes.
async fn keep(app: &App, id: PayoutId, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let mut tx = app.db.begin().await?;
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO payout_credit_note (payout_id, bytes, sha256, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        id.uuid(),
        bytes,
        Sha256::digest(&bytes).to_vec(),
        at
    )
    .execute(&mut *tx)
    .await?;
    let kept = stored(&mut tx, id).await?;
    tx.commit().await?;
    kept.ok_or_else(|| Problem::internal("the credit note that was kept is gone"))
}

/// Numbers the credit notes of `payouts` that failed or came back, those whose invoice was drawn: without gaps, since the
/// series' row stays locked until the numbers are committed. Their rows are locked.
pub(crate) async fn number_credit_notes(tx: &mut Tx, vendor: OrgId, payouts: &[Uuid]) -> Result<(), Problem> {
    let billed: BTreeSet<Uuid> = sqlx::query_scalar!(
        "SELECT p.id FROM payout p JOIN payout_invoice i ON i.payout_id = p.id
         WHERE p.id = ANY ($1) AND p.self_billing_no IS NOT NULL AND p.credit_note_no IS NULL",
        payouts
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .collect();
    if billed.is_empty() {
        return Ok(());
    }
    let (at, count) = (tx.now(), i64::try_from(billed.len()).map_err(Problem::internal)?);
    let last = sqlx::query_scalar!(
        "INSERT INTO credit_note_no AS n (vendor_id, year, last) VALUES ($1, $2, $3)
         ON CONFLICT (vendor_id, year) DO UPDATE SET last = n.last + excluded.last RETURNING last",
        vendor.uuid(),
        at.year(),
        count
    )
    .fetch_one(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE payout p SET credited_at = $2,
                credit_note_no = 'SC-' || $3::integer || '-' || lpad(($4::bigint + o.no)::text, 6, '0')
         FROM unnest($1::uuid[]) WITH ORDINALITY AS o (id, no)
         WHERE p.id = o.id",
        &billed.into_iter().collect::<Vec<_>>(),
        at,
        at.year(),
        last - count
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
