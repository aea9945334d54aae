//! Setting up an authenticator.

use axum::{extract::State, response::IntoResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::codes::{SECRET_BYTES, purpose, totp};
use crate::{
    App, event,
    http::{Checks, Problem, ValidJson, Validate, code},
    identity::{Actor, account::reenter, events::TotpStarted, no_store},
};

/// The password again: a borrowed phone must not do.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartTotp {
    /// The account's password.
    #[schema(example = "correct horse battery staple", format = Password)]
    password: String,
}

impl Validate for StartTotp {
    fn validate(&self, checks: &mut Checks) {
        reenter::check(checks, "/password", &self.password);
    }
}

/// What the authenticator needs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TotpSecret {
    /// To be typed in: base 32.
    #[schema(example = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")]
    secret: String,
    /// To be shown as a QR code.
    #[schema(
        example = "otpauth://totp/Guildhall:jane%40partner.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Guildhall"
    )]
    otpauth_url: String,
}

/// Second factor: start
///
/// Answers with a new secret for the authenticator. Nothing changes until a code of it comes to
/// `POST /api/v1/auth/totp/confirm`; starting again replaces the secret.
#[utoipa::path(post, path = "/api/v1/auth/totp", operation_id = "startTotp", tag = "auth", security(("bearer" = [])),
    request_body(content = StartTotp, example = json!({"password": "correct horse battery staple"})),
    responses((status = 200, description = "The secret, shown this once", body = TotpSecret)))]
pub(super) async fn start(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<StartTotp>,
) -> Result<impl IntoResponse, Problem> {
    let user = actor.require_user()?;
    let account = reenter::reenter(&app, &actor, user, "/password", body.password).await?;
    let mut tx = app.db.begin().await?;
    let secret = tx.entropy().bytes::<SECRET_BYTES>();
    let sealed = app.keyring.seal(&purpose(user), &secret).map_err(Problem::internal)?;
    let now = tx.now();
    let stored = sqlx::query!(
        "INSERT INTO totp_factor (user_id, secret, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at
         WHERE totp_factor.confirmed_at IS NULL",
        user.uuid(),
        sealed,
        now
    )
    .execute(&mut *tx)
    .await?;
    if stored.rows_affected() == 0 {
        let detail =
            "The second factor is on already: switch it off with POST /api/v1/auth/totp/disable to set up another.";
        return Err(Problem::new(code::ILLEGAL_MOVE, detail));
    }
    event::append(
        &mut tx,
        &actor.origin(),
        user,
        &[user.uuid()],
        &TotpStarted { user_id: user },
    )
    .await?;
    tx.commit().await?;
    let totp = totp(&secret, &account.email)?;
    let otpauth_url = totp.to_url().map_err(Problem::internal)?;
    Ok(no_store(TotpSecret {
        secret: totp.secret().to_base32(),
        otpauth_url,
    }))
}
