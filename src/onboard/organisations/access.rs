//! Who may manage vendors.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_spine::{App, http::Problem, identity::Actor};

/// A platform operator: 401 without a valid token, 403 for everyone else.
pub(super) struct Operator(pub(super) Actor);

impl FromRequestParts<App> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        actor.require_operator()?;
        Ok(Self(actor))
    }
}
