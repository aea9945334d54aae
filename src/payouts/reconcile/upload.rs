use axum::{
    Json,
    extract::{FromRequest, Request, State},
    response::IntoResponse,
};
use bytes::Bytes;
use guildhall_incentivize::api::lock_ledger;
use guildhall_payments::{nacha, status};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Problem, read_within},
};
use sha2::{Digest, Sha256};

use super::{StatusFileResult, rows, take_in::take_in};
use crate::codes;

/// The largest file, in bytes.
const LIMIT: usize = 20 * 1024 * 1024;

/// The bytes of a file, of whatever type it is said to be.
pub(super) struct StatusUpload(Bytes);

impl FromRequest<App> for StatusUpload {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (_, bytes) = read_within(request, app, LIMIT).await?;
        Ok(Self(bytes))
    }
}

/// Take in a status file of a bank
///
/// ISO 20022 `pain.002`, `camt.054` or `camt.053`, or a NACHA file of returns, up to 20 MiB. Payouts are found by the id that
/// the payment file gave them; what is none of the vendor's is listed as unknown. Money of payouts that failed or came back is
/// owed again. A payout of which another amount is reported stops for a person. The same file again changes nothing.
#[utoipa::path(post, path = "/api/v1/payout-batches/status-files", operation_id = "sendPayoutStatusFile", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    request_body(content = String, content_type = "application/xml", example = json!("<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.10\">…</Document>")),
    responses((status = 200, description = "what it has brought", body = StatusFileResult)))]
pub(super) async fn send_payout_status_file(
    State(app): State<App>,
    May { actor, org, .. }: May<right::PayoutPrepare>,
    StatusUpload(bytes): StatusUpload,
) -> Result<impl IntoResponse, Problem> {
    let sha256 = Sha256::digest(&bytes).to_vec();
    let file = tokio::task::spawn_blocking(move || read(&bytes))
        .await
        .map_err(Problem::internal)??;
    let mut tx = app.db.begin().await?;
    lock_ledger(&mut tx, &[org.id].into()).await?;
    if let Some(result) = rows::earlier(&mut tx, org.id, &sha256).await? {
        return Ok(Json(StatusFileResult {
            repeated: true,
            ..result
        }));
    }
    let result = take_in(&mut tx, &actor.origin(), org.id, file).await?;
    rows::note(&mut tx, (org.id, actor.user), &sha256, &result).await?;
    tx.commit().await?;
    Ok(Json(result))
}

/// ISO 20022 is XML; a NACHA file begins with its record type.
fn read(bytes: &[u8]) -> Result<status::StatusFile, Problem> {
    let read = if bytes.first() == Some(&b'1') {
        nacha::read_returns(bytes)
    } else {
        status::read(bytes)
    };
    read.map_err(|fault| Problem::new(codes::UNREADABLE_STATUS_FILE, format!("{fault}.")))
}
