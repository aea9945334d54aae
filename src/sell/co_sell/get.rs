use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_spine::{App, http::Problem};

use super::access::Seen;
use super::rows;
use super::view::CoSell;
use guildhall_spine::http::record::versioned;

/// Read one shared opportunity
///
/// Who is invited reads the brief; who has joined also reads contacts and parties.
#[utoipa::path(get, path = "/api/v1/co-sells/{id}", operation_id = "getCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:read"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the shared opportunity", body = CoSell, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_co_sell(
    State(app): State<App>,
    Seen { org, id, .. }: Seen,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let seen = rows::find(&mut conn, org, id).await?;
    Ok(versioned(&headers, seen.version, &seen))
}
