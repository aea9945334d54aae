//! Accepting a code, once.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use guildhall_kernel::UserId;

use super::{
    codes::{purpose, recovery_hash, step_of},
    lock::{self, Tally},
    notice,
};
use crate::{
    App,
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem},
    identity::{
        Actor,
        events::{Failure, LoginFailed, Method},
    },
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

/// Whose second factor is tried, and by which request.
pub(in crate::identity) struct Trial {
    pub(in crate::identity) user: UserId,
    pub(in crate::identity) origin: Origin,
    pub(in crate::identity) ip: IpAddr,
}

impl Trial {
    /// A try by the one who acts.
    pub(in crate::identity) fn of(actor: &Actor, user: UserId) -> Self {
        Self {
            user,
            origin: actor.origin(),
            ip: actor.ip,
        }
    }
}

/// What came of a proof.
pub(in crate::identity) enum Outcome {
    /// It was right, and is spent.
    Accepted(Method),
    /// It is wrong or spent, or the user has no second factor. That was written down in the transaction, which is to
    /// be committed.
    Wrong,
    /// Too many codes were wrong; until then none is looked at.
    Locked(DateTime<Utc>),
}

/// Accepts `proof` as part of `tx` and spends it: a code is good once (RFC 6238 section 5.2), however many come at
/// the same instant.
pub(in crate::identity) async fn accept(app: &App, tx: &mut Tx, by: &Trial, proof: &Proof) -> Result<Outcome, Problem> {
    let outcome = match proof {
        Proof::Code(code) => spend_code(app, tx, by, code).await?,
        Proof::RecoveryCode(code) => spend_recovery_code(app, tx, by.user, code).await?,
    };
    if matches!(outcome, Outcome::Wrong) {
        let failed = LoginFailed {
            user_id: Some(by.user),
            reason: Failure::WrongCode,
            ip: by.ip,
        };
        event::append(tx, &by.origin, by.user, &[by.user.uuid()], &failed).await?;
    }
    Ok(outcome)
}

async fn spend_code(app: &App, tx: &mut Tx, by: &Trial, code: &str) -> Result<Outcome, Problem> {
    let user = by.user;
    // Held until the transaction ends, so that codes of one user are counted one after the other.
    let factor = sqlx::query!(
        "SELECT secret, wrong_codes, wrong_since, locked_until FROM totp_factor
         WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(factor) = factor else {
        return Ok(Outcome::Wrong);
    };
    let now = tx.now();
    if let Some(until) = factor.locked_until.filter(|until| *until > now) {
        return Ok(Outcome::Locked(until));
    }
    let secret = app
        .keyring
        .open(&purpose(user), &factor.secret)
        .map_err(Problem::internal)?;
    let fresh = match step_of(&secret, code, now)? {
        Some(step) => take_step(tx, user, step).await?,
        None => false,
    };
    if fresh {
        return Ok(Outcome::Accepted(Method::Totp));
    }
    let tally = Tally {
        wrong: factor.wrong_codes,
        since: factor.wrong_since,
    };
    lock::count(app, tx, by, tally).await?;
    Ok(Outcome::Wrong)
}

/// Whether no code of this time step or a later one was accepted yet; then this one is.
async fn take_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool, Problem> {
    let taken = sqlx::query!(
        "UPDATE totp_factor SET last_step = $2, wrong_codes = 0, wrong_since = NULL, locked_until = NULL
         WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2",
        user.uuid(),
        step
    )
    .execute(&mut **tx)
    .await?;
    Ok(taken.rows_affected() == 1)
}

async fn spend_recovery_code(app: &App, tx: &mut Tx, user: UserId, code: &str) -> Result<Outcome, Problem> {
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
    if taken.rows_affected() != 1 {
        return Ok(Outcome::Wrong);
    }
    lock::unlock_second_factor(tx, user).await?;
    notice::write(app, tx, user, notice::Change::RecoveryCodeUsed).await?;
    Ok(Outcome::Accepted(Method::RecoveryCode))
}
