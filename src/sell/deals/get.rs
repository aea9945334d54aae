use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use guildhall_spine::http::{Problem, etag, if_none_match};

use super::access::VisibleDeal;
use super::wire::Deal;

/// Read one deal
///
/// A vendor reads the deals of its program, a partner its own. With `If-None-Match` an unchanged deal answers 304.
#[utoipa::path(get, path = "/api/v1/deals/{id}", operation_id = "getDeal", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the deal", body = Deal, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_deal(VisibleDeal { view, may }: VisibleDeal, headers: HeaderMap) -> Result<Response, Problem> {
    let version = [
        (header::ETAG, etag(view.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if if_none_match(&headers, view.version) && !view.outgrew_its_version() {
        return Ok((StatusCode::NOT_MODIFIED, version).into_response());
    }
    Ok((version, Json(view.into_deal(may))).into_response())
}
