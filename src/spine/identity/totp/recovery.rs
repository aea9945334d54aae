//! New recovery codes.

use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::UserId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Outcome, Proof, RecoveryCodes, Trial, accept, codes, locked, notice, wrong_code};
use crate::{
    App,
    db::Tx,
    event,
    http::{Checks, Problem, ValidJson, Validate},
    identity::{Actor, account::reenter, events::RecoveryCodesReplaced, no_store, totp::not_on},
};

/// A code of the authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeBody {
    /// Six digits.
    #[schema(example = "492039")]
    pub(super) code: String,
}

impl Validate for CodeBody {
    fn validate(&self, checks: &mut Checks) {
        Proof::check(checks, Some(&self.code), None);
    }
}

/// The password and a code of the authenticator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplaceRecoveryCodes {
    /// The account's password.
    #[schema(example = "correct horse battery staple", format = Password)]
    password: String,
    /// Six digits.
    #[schema(example = "492039")]
    code: String,
}

impl Validate for ReplaceRecoveryCodes {
    fn validate(&self, checks: &mut Checks) {
        reenter::check(checks, "/password", &self.password);
        Proof::check(checks, Some(&self.code), None);
    }
}

/// Second factor: new recovery codes
///
/// Those of before are worth nothing from now on.
#[utoipa::path(post, path = "/api/v1/auth/totp/recovery-codes", operation_id = "replaceRecoveryCodes", tag = "auth",
    security(("bearer" = [])),
    request_body(content = ReplaceRecoveryCodes, example = json!({"password": "correct horse battery staple", "code": "492039"})),
    responses((status = 200, description = "The new codes, shown this once", body = RecoveryCodes)))]
pub(super) async fn replace(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<ReplaceRecoveryCodes>,
) -> Result<impl IntoResponse, Problem> {
    let user = actor.require_user()?;
    reenter::reenter(&app, &actor, user, "/password", body.password).await?;
    app.limits.attempt("second_factor", &user.to_string(), actor.ip)?;
    let mut tx = app.db.begin().await?;
    if !is_on(&mut tx, user).await? {
        return Err(not_on());
    }
    match accept(&app, &mut tx, &Trial::of(&actor, user), &Proof::Code(body.code)).await? {
        Outcome::Accepted(_) => {}
        Outcome::Wrong => {
            tx.commit().await?;
            return Err(wrong_code());
        }
        Outcome::Locked(until) => return Err(locked(tx.now(), until)),
    }
    let recovery_codes = renew(&mut tx, user).await?;
    event::append(
        &mut tx,
        &actor.origin(),
        user,
        &[user.uuid()],
        &RecoveryCodesReplaced { user_id: user },
    )
    .await?;
    notice::write(&app, &mut tx, user, notice::Change::RecoveryCodesReplaced).await?;
    tx.commit().await?;
    Ok(no_store(RecoveryCodes { recovery_codes }))
}

/// Whether the user's second factor is on, which stays so until `tx` ends.
pub(super) async fn is_on(tx: &mut Tx, user: UserId) -> Result<bool, Problem> {
    let factor = sqlx::query!(
        "SELECT user_id FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR NO KEY UPDATE",
        user.uuid()
    );
    Ok(factor.fetch_optional(&mut **tx).await?.is_some())
}

/// Puts a fresh set in the place of the old one.
pub(super) async fn renew(tx: &mut Tx, user: UserId) -> Result<Vec<String>, Problem> {
    let codes = codes::recovery_codes(tx.entropy());
    let hashes: Vec<Vec<u8>> = codes
        .iter()
        .map(|code| codes::recovery_hash(user, code).to_vec())
        .collect();
    sqlx::query!("DELETE FROM recovery_code WHERE user_id = $1", user.uuid())
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "INSERT INTO recovery_code (user_id, hash) SELECT $1, hash FROM unnest($2::bytea[]) hash",
        user.uuid(),
        &hashes
    )
    .execute(&mut **tx)
    .await?;
    Ok(codes)
}
