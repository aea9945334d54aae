//! Bodies and queries that are checked on the way in.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use futures_util::{Stream, StreamExt};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use super::{Checks, Problem, Validate, code, explain, objects::Objects};
use crate::App;

/// The only way in which JSON can hold a NUL character.
const ESCAPED_NUL: &[u8] = br"\u0000";

/// A JSON body that was parsed and checked: 415 without the content type, 413 when too large, 400 for broken JSON,
/// 422 with a pointer for each field at fault, unknown ones included. An empty body stands for `{}`.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// A query that was parsed and checked; 400 for an unknown or malformed parameter.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

/// Reads the whole body, within the limit.
pub(super) async fn read(request: Request, app: &App) -> Result<(Parts, Bytes), Problem> {
    read_within(request, app, app.config.http.body_limit_bytes).await
}

/// Reads the whole body, within a limit of its own, in bytes, and in the time that any body has.
///
/// # Errors
/// 413, 408, or 400 for one that breaks off.
pub async fn read_within(request: Request, app: &App, limit: usize) -> Result<(Parts, Bytes), Problem> {
    let (parts, body) = request.into_parts();
    let declared = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let too_large = || {
        Problem::new(
            code::BODY_TOO_LARGE,
            format!("The limit is {limit} bytes: send less, or in several requests."),
        )
        // The rest of the body is not read, so the connection can't be used again.
        .header(header::CONNECTION, axum::http::HeaderValue::from_static("close"))
    };
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let patience = Duration::from_secs(app.config.http.body_timeout_seconds);
    let read = tokio::time::timeout(patience, axum::body::to_bytes(body, limit))
        .await
        .map_err(|_| {
            let detail = format!(
                "The body was not there after {} s: send it faster, or less.",
                patience.as_secs()
            );
            Problem::new(code::BODY_TOO_SLOW, detail)
                .header(header::CONNECTION, axum::http::HeaderValue::from_static("close"))
        })?;
    let bytes = read.map_err(|error| {
        let inner = std::error::Error::source(&error);
        if inner.is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>) {
            too_large()
        } else {
            broken()
        }
    })?;
    Ok((parts, bytes))
}

fn broken() -> Problem {
    Problem::new(
        code::MALFORMED_JSON,
        "The body broke off before its end: send it whole.",
    )
}

/// A body that is too large to be read whole, in parts as they come; the last is a problem when it breaks off.
pub fn in_parts(body: Body) -> impl Stream<Item = Result<Bytes, Problem>> + Unpin + Send {
    body.into_data_stream().map(|part| part.map_err(|_| broken()))
}

/// Parses and checks a body.
///
/// # Errors
/// As of [`ValidJson`].
pub fn parse<T: DeserializeOwned + Validate>(parts: &Parts, bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.is_empty() {
        b"{}"
    } else {
        let kind = parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(
                code::UNSUPPORTED_MEDIA_TYPE,
                format!("The body came as {kind:?}: send JSON with Content-Type: application/json."),
            ));
        }
        bytes
    };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    let value = T::deserialize(Objects(tracked)).map_err(|error| refused(&error, bytes, &pointer(&track.path())))?;
    json.end().map_err(|error| refused(&error, bytes, ""))?;
    let mut checks = Checks::default();
    value.validate(&mut checks);
    checks.done()?;
    match nul(bytes) {
        Some(pointer) => Err(Problem::field(
            pointer,
            "nul",
            "must not have a NUL character: leave it out",
        )),
        None => Ok(value),
    }
}

/// Where a text or a name has a NUL character, which PostgreSQL's texts and documents can't hold.
fn nul(bytes: &[u8]) -> Option<String> {
    if !bytes.windows(ESCAPED_NUL.len()).any(|part| part == ESCAPED_NUL) {
        return None;
    }
    nul_in(&serde_json::from_slice(bytes).ok()?)
}

fn nul_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(index, item)| Some(format!("/{index}{}", nul_in(item)?)))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| match name.contains('\0') {
            true => Some(String::new()),
            false => Some(format!("/{}{}", escaped(name), nul_in(member)?)),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn refused(error: &serde_json::Error, bytes: &[u8], pointer: &str) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    // The reader says this of a number where a name is wanted, too.
    if text == "expected value" && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return Problem::field(pointer, "invalid", "must be a string");
    }
    if !error.is_data() {
        let advice = "Look there for a quote, comma or bracket, or have a JSON library write the body.";
        return Problem::new(
            code::MALFORMED_JSON,
            format!("{text} (line {line}, column {column}). {advice}"),
        );
    }
    match explain::of_name(text) {
        Some((name, words)) if text.starts_with("missing") => {
            Problem::field(format!("{pointer}/{name}"), "missing", words)
        }
        // The path of an unknown field ends with the field itself.
        Some((_, words)) if text.starts_with("unknown") => Problem::field(pointer, "unknown", words),
        Some((name, words)) => Problem::field(format!("{pointer}/{name}"), "invalid", words),
        None => Problem::field(pointer, "invalid", explain::in_words(text)),
    }
}

/// A name as a part of a pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{variant}")),
            Segment::Unknown => {}
        }
    }
    pointer
}

impl<T: DeserializeOwned + Validate> FromRequest<App> for ValidJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, bytes) = read(request, app).await?;
        parse(&parts, &bytes).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        // PostgreSQL's texts can't hold one, so that no value with one can match anything.
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(Problem::new(
                code::INVALID_QUERY,
                "A parameter has a NUL character: leave it out.",
            ));
        }
        axum::extract::Query::try_from_uri(&parts.uri)
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let text = text
                    .strip_prefix("Failed to deserialize query string: ")
                    .unwrap_or(&text);
                let (name, said) = text.split_once(": ").unwrap_or(("query", text));
                let (name, words) = explain::of_name(said)
                    .or_else(|| explain::of_name(text))
                    .unwrap_or_else(|| (name, explain::in_words(said)));
                Problem::new(code::INVALID_QUERY, format!("{name}: {words}."))
            })
    }
}
