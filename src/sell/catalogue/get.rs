use axum::{http::HeaderMap, response::Response};
use guildhall_spine::http::Problem;

use super::{Product, access::VisibleProduct};
use guildhall_spine::http::record::versioned;

/// Read one product
///
/// A vendor reads its own, a partner the active ones of vendors that it has an active partnership with.
#[utoipa::path(get, path = "/api/v1/products/{id}", operation_id = "getProduct", tag = "catalogue",
    security(("bearer" = ["catalogue:read"])),
    params(
        ("id" = String, Path, description = "the product", example = "prod_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the product", body = Product, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_product(
    VisibleProduct(product): VisibleProduct,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    Ok(versioned(&headers, product.version, &product))
}
