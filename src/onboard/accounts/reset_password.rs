//! Setting a new password by a mailed link.

use axum::{extract::State, http::StatusCode};
use guildhall_kernel::UserId;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem, RequestContext, ValidJson, Validate},
    identity::{EndReason, PasswordChanged, check_new_password, end_sessions, sessions_ended},
    mail,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    EmailVerified, letters, link_expired, reset_page,
    rows::{self, Purpose},
};

/// The token from the letter, and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordResetConfirmation {
    /// What stands after `#token=` in the link.
    #[schema(example = "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe")]
    token: String,
    /// 10 to 128 characters.
    #[schema(example = "another horse battery staple", format = Password)]
    new_password: String,
}

impl Validate for PasswordResetConfirmation {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/token", &self.token, 1, 200, false);
    }
}

/// Set a new password
///
/// By the token of the letter. All sessions of the account end, on every device; a second factor stays as it
/// is, locked if too many codes were wrong: a mailbox alone must not win new guesses. Following the link also confirms the address.
#[utoipa::path(post, path = "/api/v1/auth/password-reset/confirm", operation_id = "resetPassword", tag = "auth",
    request_body(content = PasswordResetConfirmation, example = json!({
        "token": "wP0oYbq1mVvJr6cJc8m9Xv3yQ2hZt4s5u7LkN1aBcDe", "new_password": "another horse battery staple"
    })),
    responses((status = 204, description = "the new password holds; log in with it"),
        (status = 410, description = "`link_expired`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn reset_password(
    State(app): State<App>,
    context: RequestContext,
    ValidJson(body): ValidJson<PasswordResetConfirmation>,
) -> Result<StatusCode, Problem> {
    app.limits.attempt("password-reset-confirm", &body.token, context.ip)?;
    let mut reader = app.db.pool().acquire().await?;
    let email = rows::link_address(&mut reader, app.clock.now(), &body.token, Purpose::ResetPassword).await?;
    drop(reader);
    let mut checks = Checks::default();
    check_new_password(
        &mut checks,
        "/new_password",
        &body.new_password,
        &email.ok_or_else(link_expired)?,
    );
    checks.done()?;
    // Before the transaction: a hash takes its time, and others would wait for the transaction's end.
    let hash = app.passwords.hash(body.new_password).await?;
    let mut tx = app.db.begin().await?;
    let link = rows::use_link(&mut tx, &body.token, Purpose::ResetPassword).await?;
    let (user, email) = link.ok_or_else(link_expired)?;
    let origin = Origin {
        user_id: Some(user),
        ..context.origin()
    };
    let ended = end_sessions(&mut tx, &origin, user, None, EndReason::PasswordReset).await?;
    set_password(&mut tx, &origin, user, &email, &hash).await?;
    mail::queue(
        &mut tx,
        &email,
        &letters::PasswordWasReset {
            reset_link: reset_page(&app),
        },
    )
    .await?;
    tx.commit().await?;
    sessions_ended(&app, &ended);
    Ok(StatusCode::NO_CONTENT)
}

async fn set_password(tx: &mut Tx, origin: &Origin, user: UserId, email: &str, hash: &str) -> Result<(), Problem> {
    let now = tx.now();
    let updated = sqlx::query!(
        "UPDATE user_account SET password_hash = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND email = $2",
        user.uuid(),
        email,
        hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    if updated.rows_affected() != 1 {
        return Err(link_expired());
    }
    rows::void_links(tx, user).await?;
    event::append(tx, origin, user, &[user.uuid()], &PasswordChanged { user_id: user }).await?;
    if rows::set_verified(tx, user, email).await? {
        event::append(tx, origin, user, &[user.uuid()], &EmailVerified { user_id: user }).await?;
    }
    Ok(())
}
