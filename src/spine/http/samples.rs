//! What failures look like, for the OpenAPI document.

use serde_json::Value;

use super::{Code, FieldError, Problem, code};

/// What is said of a code, for example. The first of a status stands for it where nothing closer is known.
const DETAILS: &[(Code, &str)] = &[
    (
        code::INVALID_QUERY,
        "colour: is not known here; known are limit, cursor.",
    ),
    (
        code::MALFORMED_JSON,
        "EOF while parsing an object (line 1, column 9). Look for a quote, comma or bracket there.",
    ),
    (
        code::UNAUTHENTICATED,
        "Send Authorization: Bearer with an access token or an API key.",
    ),
    (code::WRONG_CREDENTIALS, "Check both, or set a new password by mail."),
    (
        code::MFA_CHALLENGE_ENDED,
        "It took too long, or too many codes were wrong: log in again.",
    ),
    (
        code::FORBIDDEN,
        "Your role viewer doesn't include deals:decide. Ask a member whose role does: owner, admin, channel_manager.",
    ),
    (
        code::NOT_FOUND,
        "There is nothing at this address that this actor can see.",
    ),
    (
        code::BODY_TOO_SLOW,
        "The body was not there after 10 s: send it faster, or less.",
    ),
    (
        code::ILLEGAL_MOVE,
        "The record has another status by now: read it again to see what can be done.",
    ),
    (
        code::IDEMPOTENCY_IN_PROGRESS,
        "Send it again in a second: the answer is the first request's.",
    ),
    (code::LINK_EXPIRED, "Ask for a new link."),
    (
        code::STALE_VERSION,
        "The record is at \"v4\" now: read it again, then decide whether the change still holds.",
    ),
    (
        code::BODY_TOO_LARGE,
        "The limit is 1048576 bytes: send less, or in several requests.",
    ),
    (
        code::UNSUPPORTED_MEDIA_TYPE,
        "The body came as \"text/plain\": send JSON with Content-Type: application/json.",
    ),
    (
        code::UPGRADE_REQUIRED,
        "Send Upgrade: websocket and Sec-WebSocket-Version: 13.",
    ),
    (
        code::PRECONDITION_REQUIRED,
        "Send If-Match with the ETag that came with the record.",
    ),
    (
        code::RATE_LIMITED,
        "The limit is 60 at once and 60 in 60 s: try again in 2 s.",
    ),
    (
        code::INTERNAL,
        "The error was logged under the request id. Try again; if it stays, report the id.",
    ),
    (
        code::UNAVAILABLE,
        "The database can't answer right now. Nothing was changed; try again.",
    ),
];

/// A failure with this code.
pub(super) fn of_code(code: Code) -> Value {
    let detail = DETAILS
        .iter()
        .find(|(known, _)| *known == code)
        .map_or_else(|| format!("{}.", code.title), |(_, detail)| (*detail).to_owned());
    Value::Object(Problem::new(code, detail).body(Some("5f0c9b1e2a7d4c3388ab01ef")))
}

/// A failure with this status; `body` says whether the request has one.
pub(super) fn of_status(status: u16, body: bool) -> Option<Value> {
    match status {
        422 => Some(refused_field()),
        400 if body => Some(of_code(code::MALFORMED_JSON)),
        _ => DETAILS
            .iter()
            .find(|(code, _)| code.status == status)
            .map(|(code, _)| of_code(*code)),
    }
}

/// A field that was refused.
pub(super) fn refused_field() -> Value {
    let problem = Problem::fields(vec![FieldError {
        pointer: "/customer/domain".to_owned(),
        code: "invalid",
        message: "not a domain name: write it like example.com".to_owned(),
    }]);
    Value::Object(problem.body(Some("5f0c9b1e2a7d4c3388ab01ef")))
}
