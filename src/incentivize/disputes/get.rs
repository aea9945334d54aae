use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_spine::{
    App,
    http::{Problem, record::versioned},
};

use super::access::VisibleDispute;
use super::rows;
use super::view::DisputeThread;

/// Get a dispute
///
/// With its thread.
#[utoipa::path(get, path = "/api/v1/incentives/disputes/{id}", operation_id = "getDispute", tag = "disputes",
    security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the dispute", example = "dsp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the dispute", body = DisputeThread, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_dispute(
    State(app): State<App>,
    VisibleDispute { dispute, sight }: VisibleDispute,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let thread = rows::thread(&mut *app.db.pool().acquire().await?, dispute.id, sight.org).await?;
    let version = dispute.version;
    Ok(versioned(&headers, version, &DisputeThread { dispute, thread }))
}
