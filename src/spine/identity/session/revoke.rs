//! Ending a session from another device.

use axum::{extract::State, http::StatusCode};
use guildhall_kernel::entity;

use super::end::{end_session, sessions_ended};
use crate::{
    App,
    http::{PathId, Problem},
    identity::{Actor, events::EndReason},
};

/// End a session
///
/// Logs one of the user's own devices out.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{id}", operation_id = "revokeSession", tag = "auth",
    security(("bearer" = [])),
    params(("id" = String, Path, description = "The session", example = "ses_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 204, description = "Ended")))]
pub(super) async fn revoke(
    State(app): State<App>,
    actor: Actor,
    PathId(session): PathId<entity::Session>,
) -> Result<StatusCode, Problem> {
    let user = actor.require_user()?;
    let mut tx = app.db.begin().await?;
    if !end_session(&mut tx, &actor.origin(), user, session, EndReason::Revoked).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    sessions_ended(&app, &[session]);
    Ok(StatusCode::NO_CONTENT)
}
