//! Switching the second factor off.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Outcome, Proof, Trial, accept, locked, not_on, notice, recovery::is_on};
use crate::{
    App, event,
    http::{Checks, Problem, ValidJson, Validate},
    identity::{Actor, account::reenter, events::TotpDisabled},
};

/// The password, and `code` or `recovery_code`, one of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DisableTotp {
    /// The account's password.
    #[schema(example = "correct horse battery staple", format = Password)]
    password: String,
    /// Six digits of the authenticator.
    #[schema(example = "492039")]
    code: Option<String>,
    /// One of the recovery codes, when the authenticator is lost.
    #[schema(example = "7KQM-2XPA-9D4T-HV6C")]
    recovery_code: Option<String>,
}

impl Validate for DisableTotp {
    fn validate(&self, checks: &mut Checks) {
        reenter::check(checks, "/password", &self.password);
        Proof::check(checks, self.code.as_deref(), self.recovery_code.as_deref());
    }
}

/// Second factor: switch off
///
/// From now on the password alone logs in. The recovery codes are gone. Other sessions stay.
#[utoipa::path(post, path = "/api/v1/auth/totp/disable", operation_id = "disableTotp", tag = "auth",
    security(("bearer" = [])),
    request_body(content = DisableTotp, example = json!({"password": "correct horse battery staple", "code": "492039"})),
    responses((status = 204, description = "Off")))]
pub(super) async fn disable(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<DisableTotp>,
) -> Result<StatusCode, Problem> {
    let user = actor.require_user()?;
    reenter::reenter(&app, &actor, user, "/password", body.password).await?;
    app.limits.attempt("second_factor", &user.to_string(), actor.ip)?;
    let proof = Proof::of(body.code, body.recovery_code)?;
    let pointer = if matches!(proof, Proof::Code(_)) {
        "/code"
    } else {
        "/recovery_code"
    };
    let mut tx = app.db.begin().await?;
    if !is_on(&mut tx, user).await? {
        return Err(not_on());
    }
    match accept(&app, &mut tx, &Trial::of(&actor, user), &proof).await? {
        Outcome::Accepted(_) => {}
        Outcome::Wrong => {
            tx.commit().await?;
            return Err(Problem::field(pointer, "wrong", "is wrong or was used already"));
        }
        Outcome::Locked(until) => return Err(locked(tx.now(), until)),
    }
    sqlx::query!("DELETE FROM recovery_code WHERE user_id = $1", user.uuid())
        .execute(&mut *tx)
        .await?;
    sqlx::query!("DELETE FROM totp_factor WHERE user_id = $1", user.uuid())
        .execute(&mut *tx)
        .await?;
    event::append(
        &mut tx,
        &actor.origin(),
        user,
        &[user.uuid()],
        &TotpDisabled { user_id: user },
    )
    .await?;
    notice::write(&app, &mut tx, user, notice::Change::TurnedOff).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
