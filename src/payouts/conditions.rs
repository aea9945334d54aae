//! What a command that moves money must bring with it.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_spine::http::{Checks, Problem, Validate, code};
use serde::Deserialize;
use utoipa::ToSchema;

/// Whether the request has an `Idempotency-Key`. The [`guildhall_spine::http::Command`] keeps what is done under it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RepeatKey(bool);

impl RepeatKey {
    /// # Errors
    /// 400 without a key.
    pub(crate) fn required(self) -> Result<(), Problem> {
        if self.0 {
            return Ok(());
        }
        let detail = "Send Idempotency-Key with a fresh UUID, and the same one when you repeat the request.";
        Err(Problem::new(code::IDEMPOTENCY_KEY_REQUIRED, detail))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RepeatKey {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.headers.contains_key("idempotency-key")))
    }
}

/// Nothing more to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PayoutMove)]
pub(crate) struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checks) {}
}
