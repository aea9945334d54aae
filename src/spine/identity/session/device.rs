//! The device that a request comes from.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use crate::http::{Problem, RequestContext};

/// More than any browser says of itself.
const LONGEST_USER_AGENT: usize = 400;

/// What is known of the device before anyone has logged in on it.
#[derive(Debug)]
pub(super) struct Device {
    /// The request.
    pub(super) context: RequestContext,
    /// What the client calls itself.
    pub(super) user_agent: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Device {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let context = RequestContext::from_request_parts(parts, state).await?;
        let user_agent = parts
            .headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok());
        let user_agent = user_agent.map(|text| text.chars().take(LONGEST_USER_AGENT).collect());
        Ok(Self { context, user_agent })
    }
}
