//! The public keys.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};

use super::JwkSet;
use crate::App;

/// Public keys
///
/// The keys that access tokens are signed with, as a JWK set (RFC 7517). A key that was rotated out stays listed for
/// a day, longer than any token that it signed.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "getJwks", tag = "auth",
    responses((status = 200, description = "The key set", body = JwkSet,
        headers(("Cache-Control" = String, description = "`public, max-age=300`")))))]
pub(super) async fn jwks(State(app): State<App>) -> impl IntoResponse {
    (
        [(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"))],
        Json(app.identity.keys.public()),
    )
}
