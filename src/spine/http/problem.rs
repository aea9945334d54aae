//! Problem details (RFC 9457): the shape of every failure.

use std::{fmt, panic::Location};

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, code};

/// One field that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands in the body: a JSON pointer (RFC 6901).
    #[schema(example = "/customer/domain")]
    pub pointer: String,
    /// A stable code.
    #[schema(example = "invalid")]
    pub code: &'static str,
    /// What is wrong and what to do.
    #[schema(example = "not a domain name: write it like example.com")]
    pub message: String,
}

const LONGEST_TEXT: usize = 2000;
const LONGEST_POINTER: usize = 200;

/// A failure to be answered with: a code, what happened this time, and the fields at fault.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

/// Boxed, since every handler's result carries it and few results are one.
#[derive(Debug)]
struct Parts {
    code: Code,
    detail: String,
    errors: Vec<FieldError>,
    extra: serde_json::Map<String, serde_json::Value>,
    headers: HeaderMap,
    /// What went wrong inside: for the log and for operators, never sent.
    cause: Option<String>,
}

impl Problem {
    /// A failure with `code`; `detail` says what happened and what to do.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            code,
            detail: bounded(detail.into(), LONGEST_TEXT),
            errors: Vec::new(),
            extra: serde_json::Map::new(),
            headers: HeaderMap::new(),
            cause: None,
        }))
    }

    /// 404, the same for what isn't there and what isn't for these eyes.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            code::NOT_FOUND,
            "There is nothing at this address that this actor can see.",
        )
    }

    /// 422 for one field.
    pub fn field(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError {
            pointer: pointer.into(),
            code,
            message: message.into(),
        }])
    }

    /// 422 for several fields.
    #[must_use]
    pub fn fields(mut errors: Vec<FieldError>) -> Self {
        for error in &mut errors {
            error.pointer = bounded(std::mem::take(&mut error.pointer), LONGEST_POINTER);
            error.message = bounded(std::mem::take(&mut error.message), LONGEST_TEXT);
        }
        let mut problem = Self::new(code::INVALID_BODY, summary(&errors));
        problem.0.errors = errors;
        problem
    }

    /// 500. What went wrong is logged with the call site and never sent.
    #[track_caller]
    pub fn internal(error: impl fmt::Display) -> Self {
        tracing::error!(%error, at = %Location::caller(), "internal error");
        Self::new(
            code::INTERNAL,
            "The error was logged under the request id. Try again; if it stays, report the id.",
        )
        .caused_by(error)
    }

    fn caused_by(mut self, error: impl fmt::Display) -> Self {
        self.0.cause = Some(bounded(error.to_string(), LONGEST_TEXT));
        self
    }

    /// What happened, in full, for operators: it may name what a client must not see.
    #[must_use]
    pub fn account(&self) -> String {
        match &self.0.cause {
            Some(cause) => format!("{}: {cause}", self.0.code.name),
            None => self.to_string(),
        }
    }

    /// Adds a member to the problem.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.0.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.insert(name, value);
        self
    }

    /// Says in how many seconds to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// What is sent.
    pub(super) fn body(&self, request_id: Option<&str>) -> serde_json::Map<String, serde_json::Value> {
        let parts = &*self.0;
        let mut body = serde_json::Map::new();
        body.insert("type".into(), format!("/docs/errors#{}", parts.code.name).into());
        body.insert("title".into(), parts.code.title.into());
        body.insert("status".into(), parts.code.status.into());
        body.insert("code".into(), parts.code.name.into());
        body.insert("detail".into(), parts.detail.as_str().into());
        if !parts.errors.is_empty() {
            body.insert("errors".into(), serde_json::to_value(&parts.errors).unwrap_or_default());
        }
        body.extend(parts.extra.clone());
        if let Some(id) = request_id {
            body.insert("request_id".into(), id.into());
        }
        body
    }

    /// Its code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.0.code
    }

    /// What happened this time.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The fields that were refused.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }
}

/// The text, cut to so many bytes when it repeats what somebody sent at length.
fn bounded(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
        text.push('…');
    }
    text
}

/// How many fields were refused, and what is wrong with the first.
fn summary(errors: &[FieldError]) -> String {
    let counted = match errors.len() {
        1 => "One field was refused.".to_owned(),
        count => format!("{count} fields were refused, of which this is the first."),
    };
    let Some(FieldError { pointer, message, .. }) = errors.first() else {
        return counted;
    };
    let place = if pointer.is_empty() { "The body" } else { pointer };
    let end = if message.ends_with(['.', '?', '!', '…']) {
        ""
    } else {
        "."
    };
    format!("{counted} {place}: {message}{end}")
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code.name, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // The request id is known at the edge, which fills it in.
        let body = self.body(super::edge::current_request_id().as_deref());
        let parts = *self.0;
        let status = StatusCode::from_u16(parts.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut headers = parts.headers;
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        (status, headers, serde_json::Value::Object(body).to_string()).into_response()
    }
}

impl From<sqlx::Error> for Problem {
    #[track_caller]
    fn from(error: sqlx::Error) -> Self {
        // Lost connections, exhausted pools, a server that shuts down (class 57) or starts, lost locks (55P03, 40*).
        let passing = match &error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => true,
            sqlx::Error::Database(fault) => fault.code().is_some_and(|state| {
                ["57", "08", "53", "40"].iter().any(|class| state.starts_with(class)) || state == "55P03"
            }),
            _ => false,
        };
        if passing {
            tracing::warn!(%error, at = %Location::caller(), "the database can't answer");
            return Self::new(
                code::UNAVAILABLE,
                "The database can't answer right now. Nothing was changed; try again.",
            )
            .retry_after(1)
            .caused_by(error);
        }
        Self::internal(error)
    }
}
