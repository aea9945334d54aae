//! Accepting a code, once.

use guildhall_kernel::UserId;

use super::codes::{purpose, recovery_hash, step_of};
use crate::{
    App,
    db::Tx,
    http::{Checks, Problem},
    identity::events::Method,
};

/// What someone shows as their second factor.
pub(in crate::identity) enum Proof {
    /// A code of the authenticator.
    Code(String),
    /// A recovery code.
    RecoveryCode(String),
}

impl Proof {
    /// Notes in `checks` unless exactly one is given.
    pub(in crate::identity) fn check(checks: &mut Checks, code: Option<&str>, recovery_code: Option<&str>) {
        match (code, recovery_code) {
            (Some(code), None) => checks.text("/code", code, 1, 20, false),
            (None, Some(code)) => checks.text("/recovery_code", code, 1, 40, false),
            (None, None) => checks.refuse("/code", "missing", "is needed, or recovery_code instead"),
            (Some(_), Some(_)) => checks.refuse("/recovery_code", "exclusive", "must be left out when code is given"),
        }
    }

    /// The one that is given, after [`Proof::check`].
    pub(in crate::identity) fn of(code: Option<String>, recovery_code: Option<String>) -> Result<Self, Problem> {
        let proof = code.map(Self::Code).or(recovery_code.map(Self::RecoveryCode));
        proof.ok_or_else(|| Problem::field("/code", "missing", "is needed, or recovery_code instead"))
    }
}

/// Accepts `proof` as part of `tx` and spends it: a code is good once (RFC 6238 section 5.2), however many come at
/// the same instant. `None` when it is wrong or spent, or the user has no second factor.
pub(in crate::identity) async fn accept(
    app: &App,
    tx: &mut Tx,
    user: UserId,
    proof: &Proof,
) -> Result<Option<Method>, Problem> {
    let (spent, method) = match proof {
        Proof::Code(code) => (spend_code(app, tx, user, code).await?, Method::Totp),
        Proof::RecoveryCode(code) => (spend_recovery_code(tx, user, code).await?, Method::RecoveryCode),
    };
    Ok(spent.then_some(method))
}

async fn spend_code(app: &App, tx: &mut Tx, user: UserId, code: &str) -> Result<bool, Problem> {
    let sealed = sqlx::query_scalar!(
        "SELECT secret FROM totp_factor WHERE user_id = $1 AND confirmed_at IS NOT NULL",
        user.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(sealed) = sealed else { return Ok(false) };
    let secret = app.keyring.open(&purpose(user), &sealed).map_err(Problem::internal)?;
    let Some(step) = step_of(&secret, code, tx.now())? else {
        return Ok(false);
    };
    let taken = sqlx::query!(
        "UPDATE totp_factor SET last_step = $2
         WHERE user_id = $1 AND secret = $3 AND confirmed_at IS NOT NULL AND last_step < $2",
        user.uuid(),
        step,
        sealed
    )
    .execute(&mut **tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}

async fn spend_recovery_code(tx: &mut Tx, user: UserId, code: &str) -> Result<bool, Problem> {
    let now = tx.now();
    let hash = recovery_hash(user, code);
    let taken = sqlx::query!(
        "UPDATE recovery_code SET used_at = $3 WHERE user_id = $1 AND hash = $2 AND used_at IS NULL",
        user.uuid(),
        hash.as_slice(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}
