use axum::{
    Json,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use guildhall_spine::http::etag;

use super::access::VisibleFund;
use super::view::Fund;

/// Get a fund
///
/// A vendor sees what all partners have of it together, a partner what it has itself.
#[utoipa::path(get, path = "/api/v1/incentives/funds/{id}", operation_id = "getFund", tag = "funds",
    security(("bearer" = ["funds:read"])),
    params(("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the fund", body = Fund, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn get_fund(VisibleFund { fund, .. }: VisibleFund) -> impl IntoResponse {
    // Its money moves without a new version, so that a client's copy is never good enough.
    let head = [
        (header::ETAG, etag(fund.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
    ];
    (head, Json(fund))
}
