use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_spine::{
    App,
    http::{Problem, etag, if_none_match},
};

use super::access::VisibleLead;
use super::view::{self, Lead};

/// Read one lead
///
/// A vendor reads its own, a partner those that it is asked about or has. Who the person is shows to a partner once it
/// accepted.
#[utoipa::path(get, path = "/api/v1/leads/{id}", operation_id = "getLead", tag = "leads",
    security(("bearer" = ["leads:read"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the lead", body = Lead, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(in crate::leads) async fn get_lead(
    State(app): State<App>,
    VisibleLead(reached): VisibleLead,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = view::load(app.db.pool(), reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    let version = [
        (header::ETAG, etag(view.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if if_none_match(&headers, view.version) {
        return Ok((StatusCode::NOT_MODIFIED, version).into_response());
    }
    let lead = view.into_lead(reached.kind, reached.may());
    Ok((version, Json(lead)).into_response())
}
