use axum::{http::HeaderMap, response::Response};
use guildhall_spine::{
    access::right,
    http::{Problem, record::versioned},
};

use super::{PayoutBatch, access::OwnBatch};

/// Read a batch of payouts
///
/// For the vendor that pays.
#[utoipa::path(get, path = "/api/v1/payout-batches/{id}", operation_id = "getPayoutBatch", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(
        ("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the batch", body = PayoutBatch, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_payout_batch(
    own: OwnBatch<right::PayoutRead>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(versioned(&headers, own.batch.version, &own.batch))
}
