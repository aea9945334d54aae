//! Logging out.

use axum::{extract::State, http::StatusCode};

use super::end::{end_session, end_sessions, sessions_ended};
use crate::{
    App,
    http::Problem,
    identity::{Actor, events::EndReason},
};

/// Log out
///
/// Ends this session: its tokens are worth nothing from now on, and its sockets are closed.
#[utoipa::path(post, path = "/api/v1/auth/logout", operation_id = "logout", tag = "auth", security(("bearer" = [])),
    responses((status = 204, description = "Logged out")))]
pub(super) async fn logout(State(app): State<App>, actor: Actor) -> Result<StatusCode, Problem> {
    let user = actor.require_user()?;
    let session = actor
        .session
        .ok_or_else(|| Problem::internal("a user without a session"))?;
    let mut tx = app.db.begin().await?;
    if end_session(&mut tx, &actor.origin(), user, session, EndReason::LoggedOut).await? {
        tx.commit().await?;
    }
    sessions_ended(&app, &[session]);
    Ok(StatusCode::NO_CONTENT)
}

/// Log out everywhere
///
/// Ends all sessions of the user, this one included.
#[utoipa::path(post, path = "/api/v1/auth/logout-everywhere", operation_id = "logoutEverywhere", tag = "auth",
    security(("bearer" = [])),
    responses((status = 204, description = "Logged out on every device")))]
pub(super) async fn logout_everywhere(State(app): State<App>, actor: Actor) -> Result<StatusCode, Problem> {
    let user = actor.require_user()?;
    let mut tx = app.db.begin().await?;
    let ended = end_sessions(&mut tx, &actor.origin(), user, None, EndReason::LoggedOutEverywhere).await?;
    tx.commit().await?;
    sessions_ended(&app, &ended);
    Ok(StatusCode::NO_CONTENT)
}
