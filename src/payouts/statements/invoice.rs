use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use guildhall_kernel::{PayoutId, entity};
use guildhall_spine::{
    App,
    http::{PathId, Problem},
};
use sha2::{Digest, Sha256};
use sqlx::PgConnection;

use super::access::InvoiceReader;
use super::billed::{bill, drawn, find};
use super::code;
use super::get::file;
use crate::payouts::PayoutStatus;

/// Fetch the invoice of a payout
///
/// The self-billing invoice that the vendor writes in the payee's name, where its rule for the payee's country says so, as
/// PDF. It is drawn when it is first asked for, and is the same file from then on; none is drawn for a payout that failed or
/// came back. It comes to the gross amount of the payout; value added tax, where there is a rate, is contained in it. The invoice
/// of a person shows the person's tax number: it is for the vendor and the person, not for the employer.
#[utoipa::path(get, path = "/api/v1/payouts/{id}/invoice", operation_id = "getPayoutInvoice", tag = "payouts",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses(
        (status = 200, description = "the invoice", content_type = "application/pdf", body = Vec<u8>, headers(
            ("ETag" = String, description = "the SHA-256 of its bytes"),
            ("Content-Disposition" = String, description = "`attachment` with its name"))),
        (status = 404, description = "`not_found`: no such payout, it isn't sent or did not arrive, or its invoice isn't for these eyes; `no_invoice`: the vendor writes none for it", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
        (status = 409, description = "`invoice_incomplete`: the payee's tax number is missing", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_payout_invoice(
    State(app): State<App>,
    reader: InvoiceReader,
    PathId(id): PathId<entity::Payout>,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let billed = find(&mut conn, id, reader).await?;
    let stored = stored(&mut conn, id).await?;
    if billed.is_back() && stored.is_none() {
        return Err(Problem::not_found());
    }
    let Some(number) = billed.number.clone() else {
        let detail = "The vendor's rule for the payee's country asks for none: see the tax rules.";
        return Err(Problem::new(code::NO_INVOICE, detail));
    };
    let bytes = match stored {
        Some(bytes) => bytes,
        None => {
            let bill = bill(&app, &mut conn, billed, false).await?;
            drop(conn);
            keep(&app, id, drawn(bill).await?).await?
        }
    };
    document(bytes, &number)
}

/// The answer with a document that stays as it was drawn.
pub(super) fn document(bytes: Vec<u8>, number: &str) -> Result<Response, Problem> {
    let etag = HeaderValue::try_from(format!("\"{}\"", hex::encode(Sha256::digest(&bytes))));
    let mut response = file(bytes, number)?;
    response
        .headers_mut()
        .insert(header::ETAG, etag.map_err(Problem::internal)?);
    Ok(response)
}

async fn stored(conn: &mut PgConnection, id: PayoutId) -> Result<Option<Vec<u8>>, Problem> {
    let row = sqlx::query!(
        "SELECT bytes, sha256 FROM payout_invoice WHERE payout_id = $1",
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| genuine(row.bytes, &row.sha256)).transpose()
}

/// The bytes, if they are those of the digest.
pub(super) fn genuine(bytes: Vec<u8>, sha256: &[u8]) -> Result<Vec<u8>, Problem> {
    if Sha256::digest(&bytes).as_slice() == sha256 {
        return Ok(bytes);
    }
    Err(Problem::internal("a stored document is not the one that was drawn"))
}

/// Keeps the invoice; whoever was first decides on its bytes. A payout that came back while it was drawn has none.
async fn keep(app: &App, id: PayoutId, bytes: Vec<u8>) -> Result<Vec<u8>, Problem> {
    let mut tx = app.db.begin().await?;
    let at = tx.now();
    // So that it does not come back until this is done: the credit note is numbered by whether there is an invoice.
    let status = sqlx::query_scalar!(
        r#"SELECT status AS "status: PayoutStatus" FROM payout WHERE id = $1 FOR SHARE"#,
        id.uuid()
    )
    .fetch_one(&mut *tx)
    .await?;
    if !matches!(status, PayoutStatus::Failed | PayoutStatus::Returned) {
        sqlx::query!(
            "INSERT INTO payout_invoice (payout_id, bytes, sha256, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            id.uuid(),
            bytes,
            Sha256::digest(&bytes).to_vec(),
            at
        )
        .execute(&mut *tx)
        .await?;
    }
    let kept = stored(&mut tx, id).await?;
    tx.commit().await?;
    kept.ok_or_else(Problem::not_found)
}
