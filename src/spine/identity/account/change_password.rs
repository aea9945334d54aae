//! Changing the password.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::reenter;
use crate::{
    App, event,
    http::{Checks, Problem, ValidJson, Validate},
    identity::{
        Actor, check_new_password, end_sessions,
        events::{EndReason, PasswordChanged},
        sessions_ended,
    },
};

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangePassword {
    /// The password as it is.
    #[schema(example = "correct horse battery staple", format = Password)]
    current_password: String,
    /// The password as it shall be: 10 to 128 characters, none of those tried first.
    #[schema(example = "lantern orbit velvet kayak", format = Password)]
    new_password: String,
}

impl Validate for ChangePassword {
    fn validate(&self, checks: &mut Checks) {
        reenter::check(checks, "/current_password", &self.current_password);
        let same = self.current_password == self.new_password;
        checks.check(!same, "/new_password", "same", "must be another than the current one");
    }
}

/// Change the password
///
/// All other sessions end, log-ins that still owe a code are void, and so are mailed links to reset the password.
/// This session goes on.
#[utoipa::path(post, path = "/api/v1/auth/password", operation_id = "changePassword", tag = "auth",
    security(("bearer" = [])),
    request_body(content = ChangePassword, example = json!({"current_password": "correct horse battery staple",
        "new_password": "lantern orbit velvet kayak"})),
    responses((status = 204, description = "Changed")))]
pub(super) async fn change_password(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let user = actor.require_user()?;
    let account = reenter::reenter(&app, &actor, user, "/current_password", body.current_password).await?;
    let mut checks = Checks::default();
    check_new_password(&mut checks, "/new_password", &body.new_password, &account.email);
    checks.done()?;
    let hash = app.passwords.hash(body.new_password).await?;
    let mut tx = app.db.begin().await?;
    let now = tx.now();
    let changed = sqlx::query!(
        "UPDATE user_account SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2",
        user.uuid(),
        account.password_hash,
        hash,
        now
    )
    .execute(&mut *tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Problem::field(
            "/current_password",
            "wrong",
            "was changed on another device meanwhile",
        ));
    }
    sqlx::query!(
        "UPDATE mail_token SET used_at = $2 WHERE user_id = $1 AND purpose = 'reset_password' AND used_at IS NULL",
        user.uuid(),
        now
    )
    .execute(&mut *tx)
    .await?;
    event::append(
        &mut tx,
        &actor.origin(),
        user,
        &[user.uuid()],
        &PasswordChanged { user_id: user },
    )
    .await?;
    let ended = end_sessions(
        &mut tx,
        &actor.origin(),
        user,
        actor.session,
        EndReason::PasswordChanged,
    )
    .await?;
    tx.commit().await?;
    sessions_ended(&app, &ended);
    Ok(StatusCode::NO_CONTENT)
}
