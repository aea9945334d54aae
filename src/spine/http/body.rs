//! Bodies and queries that are checked on the way in.

use std::time::Duration;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{Checks, FieldError, Problem, Validate, code, objects::Objects};
use crate::App;

/// A JSON body that was parsed and checked: 415 without the content type, 413 when too large, 400 for broken JSON,
/// 422 with a pointer for each field at fault, unknown ones included. An empty body stands for `{}`.
#[derive(Debug)]
pub struct ValidJson<T>(pub T);

/// A query that was parsed and checked; 400 for an unknown or malformed parameter.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

/// Reads the whole body, within the limit.
pub(super) async fn read(request: Request, app: &App) -> Result<(Parts, Bytes), Problem> {
    let limit = app.config.http.body_limit_bytes;
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
            Problem::new(
                code::MALFORMED_JSON,
                "The body broke off before its end: send it whole.",
            )
        }
    })?;
    Ok((parts, bytes))
}

/// Parses and checks a body.
pub(super) fn parse<T: DeserializeOwned + Validate>(parts: &Parts, bytes: &[u8]) -> Result<T, Problem> {
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
    let value = T::deserialize(Objects(tracked)).map_err(|error| explain(error, pointer(&track.path())))?;
    json.end().map_err(|error| explain(error, String::new()))?;
    let mut checks = Checks::default();
    value.validate(&mut checks);
    checks.done()?;
    Ok(value)
}

fn explain(error: serde_json::Error, pointer: String) -> Problem {
    let (line, column) = (error.line(), error.column());
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default().to_owned();
    if error.is_data() {
        let field = |name: &str| {
            text.strip_prefix(name)?
                .split('`')
                .nth(1)
                .map(|field| format!("{pointer}/{field}"))
        };
        if let Some(missing) = field("missing field ") {
            return Problem::fields(vec![FieldError {
                pointer: missing,
                code: "missing",
                message: "is needed".into(),
            }]);
        }
        if text.starts_with("unknown field ") {
            let message = text
                .split_once(", ")
                .map_or("is not known here", |(_, rest)| rest)
                .to_owned();
            // The path of an unknown field ends with the field itself.
            return Problem::fields(vec![FieldError {
                pointer,
                code: "unknown",
                message,
            }]);
        }
        return Problem::fields(vec![FieldError {
            pointer,
            code: "invalid",
            message: text,
        }]);
    }
    Problem::new(code::MALFORMED_JSON, format!("{text} (line {line}, column {column})."))
}

/// RFC 6901.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path.iter() {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
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
                Problem::new(code::INVALID_QUERY, format!("{text}."))
            })
    }
}
