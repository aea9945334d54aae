use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_spine::{App, http::Problem};

use super::{PriceList, access::ManagedList, rows};
use guildhall_spine::http::record::versioned;

/// Read one price list
///
/// With its discounts; `GET /api/v1/price-lists/{id}/prices` lists its prices.
#[utoipa::path(get, path = "/api/v1/price-lists/{id}", operation_id = "getPriceList", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the price list", example = "plist_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the price list", body = PriceList, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_price_list(
    State(app): State<App>,
    ManagedList { vendor, id, .. }: ManagedList,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let list = rows::find(&mut conn, vendor, id).await?;
    Ok(versioned(&headers, list.version, &list))
}
