use axum::{http::HeaderMap, response::Response};
use guildhall_spine::http::record::versioned;

use super::access::VisibleClaim;
use super::view::Claim;

/// Get a claim
#[utoipa::path(get, path = "/api/v1/incentives/claims/{id}", operation_id = "getClaim", tag = "claims",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the claim", example = "clm_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the claim", body = Claim, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_claim(VisibleClaim(claim): VisibleClaim, headers: HeaderMap) -> Response {
    versioned(&headers, claim.version, &claim)
}
