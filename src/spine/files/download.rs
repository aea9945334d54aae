use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::entity;

use super::sender;
use crate::{
    App,
    access::Permission,
    http::{PathId, Problem},
    identity::Actor,
};

/// Read a file
///
/// For those who may see what it is attached to; before that, for people of the organisation that sent it who may attach
/// it. Always a download, never shown by a browser, and always the whole of it.
#[utoipa::path(get, path = "/api/v1/files/{id}", operation_id = "getFile", tag = "files", security(("bearer" = [])),
    params(
        ("id" = String, Path, description = "the file", example = "file_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "its bytes", content_type = "application/octet-stream", body = Vec<u8>, headers(
            ("ETag" = String, description = "the hash of its bytes"),
            ("Content-Disposition" = String, description = "`attachment` with its name"))),
        (status = 304, description = "the client has it already"),
    ))]
pub(super) async fn get_file(
    State(app): State<App>,
    actor: Actor,
    PathId(id): PathId<entity::File>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let org = actor.org.ok_or_else(crate::access::stands_nowhere)?.id;
    let row = sqlx::query!(
        "SELECT name, media_type, size, sha256, needs FROM file
         WHERE id = $1 AND (($2 = ANY (readers) AND subject_id IS NOT NULL) OR (org_id = $2 AND subject_id IS NULL))",
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(app.db.pool())
    .await?
    .ok_or_else(Problem::not_found)?;
    match row.needs.as_deref() {
        Some(needed) => {
            let needed = Permission::parse(needed);
            actor.require(needed.ok_or_else(|| Problem::internal("a file needs a permission that there isn't"))?)?
        }
        None => sender(&actor)?,
    };
    let tag = format!("\"{}\"", hex::encode(&row.sha256));
    let mut answer = HeaderMap::new();
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let known = known.is_some_and(|known| known.contains(&tag));
    let disposition = format!("attachment; filename=\"file\"; filename*=UTF-8''{}", percent(&row.name));
    for (name, value) in [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::CONTENT_TYPE, row.media_type),
        (header::CONTENT_LENGTH, row.size.to_string()),
        (header::CONTENT_DISPOSITION, disposition),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox; frame-ancestors 'none'".to_owned(),
        ),
    ] {
        answer.insert(name, HeaderValue::try_from(value).map_err(Problem::internal)?);
    }
    if known {
        answer.remove(header::CONTENT_LENGTH);
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let bytes = app.files.get(id).await?;
    Ok((answer, Body::from_stream(bytes)).into_response())
}

/// The characters of a name that a header parameter can't have, percent-encoded (RFC 8187 section 3.2.1).
fn percent(name: &str) -> String {
    let mut encoded = String::new();
    for byte in name.bytes() {
        let plain = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
