use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use guildhall_spine::{App, access::right, db::Tx, event, http::Problem};
use sha2::{Digest, Sha256};

use super::access::OwnBatch;
use super::events::{BatchFileRead, BatchNow};
use super::payees::Payee;
use super::{PayoutBatch, nacha, pain001};
use crate::{codes, method::PayMethod, settings};

/// Writes the payment file of a batch.
pub(super) async fn write(app: &App, tx: &mut Tx, batch: &PayoutBatch, payees: &[Payee]) -> Result<(), Problem> {
    let at = tx.now();
    let payer = settings::payer(app, tx, batch.vendor_id).await?;
    let (bytes, ending, media_type) = match batch.method {
        PayMethod::Nacha => (nacha::bytes(batch, payer.nacha()?, payees, at)?, "ach", "text/plain"),
        _ => (
            pain001::bytes(batch, payer.account()?, payees, at)?,
            "xml",
            "application/xml",
        ),
    };
    sqlx::query!(
        "INSERT INTO payout_file (batch_id, name, media_type, bytes, sha256, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        batch.id.uuid(),
        format!("{}.{ending}", batch.id),
        media_type,
        bytes,
        Sha256::digest(&bytes).to_vec(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Fetch the payment file of a batch
///
/// The bytes that were written when the batch was executed, the same each time. Who fetches it stands in the audit log.
#[utoipa::path(get, path = "/api/v1/payout-batches/{id}/file", operation_id = "getPayoutFile", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses(
        (status = 200, description = "the file", content_type = "application/octet-stream", body = Vec<u8>, headers(
            ("ETag" = String, description = "the SHA-256 of its bytes"),
            ("Content-Disposition" = String, description = "`attachment` with its name"))),
        (status = 404, description = "`not_found`: no such batch, or no file of it", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_payout_file(
    State(app): State<App>,
    own: OwnBatch<right::PayoutPrepare>,
) -> Result<Response, Problem> {
    let mut tx = app.db.begin().await?;
    let file = sqlx::query!(
        "SELECT name, media_type, bytes, sha256 FROM payout_file WHERE batch_id = $1",
        own.batch.id.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    if Sha256::digest(&file.bytes).as_slice() != file.sha256 {
        let detail = "The stored file is not the one that was written: give it to no bank.";
        return Err(Problem::new(codes::BATCH_CHANGED, detail));
    }
    let read = BatchFileRead(BatchNow::from(&own.batch));
    event::append(&mut tx, &own.actor.origin(), own.batch.id, &[own.vendor.uuid()], &read).await?;
    tx.commit().await?;
    let mut head = HeaderMap::new();
    for (name, value) in [
        (header::ETAG, format!("\"{}\"", hex::encode(&file.sha256))),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
        (header::CONTENT_TYPE, file.media_type),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file.name),
        ),
    ] {
        head.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    Ok((head, file.bytes).into_response())
}
