use axum::{http::HeaderMap, response::Response};
use guildhall_spine::http::record::versioned;

use super::access::ManagedAdjustment;
use super::view::Adjustment;

/// Get an adjustment
///
/// For the vendor: the partner reads the line that it brings.
#[utoipa::path(get, path = "/api/v1/incentives/adjustments/{id}", operation_id = "getAdjustment", tag = "adjustments",
    security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the adjustment", example = "adj_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the adjustment", body = Adjustment, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_adjustment(
    ManagedAdjustment { adjustment, .. }: ManagedAdjustment,
    headers: HeaderMap,
) -> Response {
    versioned(&headers, adjustment.version, &adjustment)
}
