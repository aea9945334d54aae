use axum::{http::HeaderMap, response::Response};
use guildhall_spine::http::record::versioned;

use super::access::VisibleSale;
use super::view::Sale;

/// Get a sale
///
/// A partner reads those that it has a part in, without the parts of others.
#[utoipa::path(get, path = "/api/v1/incentives/sales/{id}", operation_id = "getSale", tag = "sales",
    security(("bearer" = ["earnings:read"])),
    params(
        ("id" = String, Path, description = "the sale", example = "sale_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the sale", body = Sale, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_sale(VisibleSale(sale): VisibleSale, headers: HeaderMap) -> Response {
    versioned(&headers, sale.version, &sale)
}
