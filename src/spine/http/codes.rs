//! Error codes: stable names that clients may rely on.

/// A stable error code with what it always means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The name, the last part of the problem's `type`.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// A short text that doesn't change between occurrences.
    pub title: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $constant:ident = $status:literal $name:literal $title:literal;)*) => {
        /// The codes of the spine.
        pub mod code {
            use super::Code;
            $($(#[$doc])* pub const $constant: Code = Code { name: $name, status: $status, title: $title };)*
        }
        /// The codes of the spine, for the documentation.
        pub const CODES: &[Code] = &[$(code::$constant,)*];
    };
}

codes! {
    /// The body isn't JSON.
    MALFORMED_JSON = 400 "malformed_json" "The body is not valid JSON";
    /// A query parameter is unknown or malformed.
    INVALID_QUERY = 400 "invalid_query" "A query parameter is unknown or malformed";
    /// The cursor was changed, or belongs to another list.
    INVALID_CURSOR = 400 "invalid_cursor" "The cursor can't be used here";
    /// A header is malformed.
    INVALID_HEADER = 400 "invalid_header" "A header is malformed";
    /// A command that moves money came without a key.
    IDEMPOTENCY_KEY_REQUIRED = 400 "idempotency_key_required" "A command that moves money needs an Idempotency-Key";
    /// A header that a request has once came more often.
    DUPLICATE_HEADER = 400 "duplicate_header" "A header that can come once came more often";
    /// The WebSocket handshake is incomplete.
    INVALID_HANDSHAKE = 400 "invalid_handshake" "The WebSocket handshake is incomplete";
    /// No valid credentials.
    UNAUTHENTICATED = 401 "unauthenticated" "Valid credentials are needed";
    /// E-mail or password are wrong.
    WRONG_CREDENTIALS = 401 "wrong_credentials" "E-mail or password are wrong";
    /// The code of the second factor is wrong.
    WRONG_CODE = 401 "wrong_code" "The code is wrong or was used already";
    /// The second step of a log-in came too late or too often.
    MFA_CHALLENGE_ENDED = 401 "mfa_challenge_ended" "The log-in's second step has ended";
    /// A refresh token that isn't valid any more.
    INVALID_REFRESH_TOKEN = 401 "invalid_refresh_token" "The refresh token is not valid any more";
    /// Seen but not permitted.
    FORBIDDEN = 403 "forbidden" "This actor may not do that";
    /// No organisation is acted for.
    NO_ORGANISATION = 403 "no_organisation" "The token acts for no organisation";
    /// The e-mail address isn't verified.
    EMAIL_NOT_VERIFIED = 403 "email_not_verified" "The e-mail address is not verified yet";
    /// Nothing there, or not for these eyes.
    NOT_FOUND = 404 "not_found" "There is nothing here";
    /// Another method is needed.
    METHOD_NOT_ALLOWED = 405 "method_not_allowed" "This address has other methods";
    /// The body came too slowly.
    BODY_TOO_SLOW = 408 "body_too_slow" "The body came too slowly";
    /// The state does not allow the move.
    ILLEGAL_MOVE = 409 "illegal_move" "The current state does not allow this";
    /// Who made it can't approve it.
    MAKER_IS_APPROVER = 409 "maker_is_approver" "Another person must do this";
    /// A value that must be unique is taken.
    ALREADY_EXISTS = 409 "already_exists" "It exists already";
    /// There are as many files as there may be.
    TOO_MANY_FILES = 409 "too_many_files" "There are as many files as there may be";
    /// The same key's first request is still running.
    IDEMPOTENCY_IN_PROGRESS = 409 "idempotency_in_progress" "The first request with this Idempotency-Key is still running";
    /// The link was used or is too old.
    LINK_EXPIRED = 410 "link_expired" "The link was used already or is too old";
    /// The version is not the current one.
    STALE_VERSION = 412 "stale_version" "The record has changed since it was read";
    /// The body is too large.
    BODY_TOO_LARGE = 413 "body_too_large" "The body is too large";
    /// The body isn't declared as JSON.
    UNSUPPORTED_MEDIA_TYPE = 415 "unsupported_media_type" "The body must be application/json";
    /// The content of a file is of a kind that isn't taken.
    FILE_TYPE_REFUSED = 415 "file_type_refused" "Files of this kind are not taken";
    /// The name of a file says something else than its content.
    FILE_NAME_MISMATCH = 415 "file_name_mismatch" "The file's name does not fit its content";
    /// A field is missing, unknown or has a value that can't be.
    INVALID_BODY = 422 "invalid_body" "A field is missing, unknown or has a value that can't be";
    /// The same key came with another body.
    IDEMPOTENCY_MISMATCH = 422 "idempotency_mismatch" "This Idempotency-Key was used for another request";
    /// The handshake asks for another version.
    UPGRADE_REQUIRED = 426 "upgrade_required" "This address speaks WebSocket version 13";
    /// The change needs `If-Match`.
    PRECONDITION_REQUIRED = 428 "precondition_required" "The change needs an If-Match header";
    /// Too many requests.
    RATE_LIMITED = 429 "rate_limited" "Too many requests";
    /// Too many codes of the second factor were wrong.
    SECOND_FACTOR_LOCKED = 429 "second_factor_locked" "Too many codes were wrong: none is taken for a time";
    /// Something went wrong here.
    INTERNAL = 500 "internal" "Something went wrong on the server";
    /// Try again in a moment.
    UNAVAILABLE = 503 "unavailable" "The server can't answer right now";
    /// The request took too long.
    TIMED_OUT = 503 "timed_out" "The request took too long";
}
