//! A record behind an address: who asks for it, and how it is answered.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{Entity, Id};
use serde::Serialize;

use super::{PathId, Problem, code, etag, if_none_match};
use crate::{
    App,
    identity::{ActingFor, Actor},
};

/// Who asks, for whom, and for which record.
///
/// # Errors
/// 401 without valid credentials, 404 for a text that is no id of this kind, 403 `no_organisation` when none is acted for.
pub async fn address<E: Entity>(parts: &mut Parts, app: &App) -> Result<(Actor, ActingFor, Id<E>), Problem> {
    let actor = Actor::from_request_parts(parts, app).await?;
    let PathId(id) = PathId::from_request_parts(parts, app).await?;
    let org = actor
        .org
        .ok_or_else(|| Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org."))?;
    Ok((actor, org, id))
}

/// The record with its version as `ETag`, or 304 when the client has it.
pub fn versioned(headers: &HeaderMap, version: i64, record: &impl Serialize) -> Response {
    let head = [
        (header::ETAG, etag(version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    if if_none_match(headers, version) {
        return (StatusCode::NOT_MODIFIED, head).into_response();
    }
    (head, Json(record)).into_response()
}
