//! One endpoint.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::http::{etag, if_none_match};

use super::{WebhookEndpoint, access::OwnEndpoint};

/// One webhook endpoint
///
/// Without its secret.
#[utoipa::path(get, path = "/api/v1/webhook-endpoints/{id}", operation_id = "getWebhookEndpoint", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])), params(("id" = WebhookEndpointId, Path, description = "the endpoint")),
    responses((status = 200, description = "the endpoint", body = WebhookEndpoint, headers(("ETag" = String)))))]
pub(super) async fn get_webhook_endpoint(OwnEndpoint { endpoint, .. }: OwnEndpoint, headers: HeaderMap) -> Response {
    let tag = [(header::ETAG, etag(endpoint.version))];
    if if_none_match(&headers, endpoint.version) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, Json(endpoint)).into_response()
}
