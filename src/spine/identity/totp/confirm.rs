//! Switching the second factor on.

use axum::{extract::State, response::IntoResponse};

use super::{
    RecoveryCodes,
    codes::{purpose, step_of},
    notice,
    recovery::{CodeBody, renew},
    wrong_code,
};
use crate::{
    App, event,
    http::{Problem, ValidJson, code},
    identity::{Actor, events::TotpEnabled, no_store},
};

/// Second factor: confirm
///
/// The first code of the authenticator switches the second factor on. Other sessions stay. Keep the recovery codes
/// where the authenticator isn't.
#[utoipa::path(post, path = "/api/v1/auth/totp/confirm", operation_id = "confirmTotp", tag = "auth",
    security(("bearer" = [])),
    request_body(content = CodeBody, example = json!({"code": "492039"})),
    responses((status = 200, description = "On; the recovery codes, shown this once", body = RecoveryCodes)))]
pub(super) async fn confirm(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<CodeBody>,
) -> Result<impl IntoResponse, Problem> {
    let user = actor.require_user()?;
    app.limits.attempt("second_factor", &user.to_string(), actor.ip)?;
    let mut tx = app.db.begin().await?;
    let factor = sqlx::query!(
        "SELECT secret FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NULL FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| {
        let detail =
            "There is nothing to confirm: start with POST /api/v1/auth/totp, unless the second factor is on already.";
        Problem::new(code::ILLEGAL_MOVE, detail)
    })?;
    let secret = app
        .keyring
        .open(&purpose(user), &factor.secret)
        .map_err(Problem::internal)?;
    let now = tx.now();
    let step = step_of(&secret, &body.code, now)?.ok_or_else(wrong_code)?;
    sqlx::query!(
        "UPDATE totp_factor SET confirmed_at = $2, last_step = $3 WHERE user_id = $1",
        user.uuid(),
        now,
        step
    )
    .execute(&mut *tx)
    .await?;
    let recovery_codes = renew(&mut tx, user).await?;
    event::append(
        &mut tx,
        &actor.origin(),
        user,
        &[user.uuid()],
        &TotpEnabled { user_id: user },
    )
    .await?;
    notice::write(&app, &mut tx, user, notice::Change::TurnedOn).await?;
    tx.commit().await?;
    Ok(no_store(RecoveryCodes { recovery_codes }))
}
