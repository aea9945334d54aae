//! Failed attempts to prove who one is: written down, and counted for all nodes together.

use std::net::IpAddr;

use chrono::TimeDelta;
use guildhall_kernel::UserId;
use uuid::Uuid;

use super::events::{Failure, LoginFailed};
use crate::{
    App,
    db::Tx,
    event::{self, Origin},
    http::{Problem, RequestContext, attempt_keys, code},
    secret::token_hash,
};

/// Failures are paid off within this time.
const WINDOW_SECONDS: u32 = 60;

/// An attempt by password: what at, for which account (whether it exists or not), from which address.
pub(super) struct Attempt<'a> {
    pub(super) what: &'static str,
    pub(super) account: &'a str,
    pub(super) ip: IpAddr,
}

impl Attempt<'_> {
    /// Lets the attempt through when this node has not seen too many and all nodes together have not seen too many
    /// fail.
    ///
    /// # Errors
    /// 429.
    pub(super) async fn admit(&self, app: &App) -> Result<(), Problem> {
        app.limits.login(self.what, self.account, self.ip)?;
        let Some(cost) = cost(app) else { return Ok(()) };
        let paid_at = sqlx::query_scalar!(
            "SELECT max(paid_at) FROM login_failure WHERE key = ANY ($1)",
            &self.keys()
        )
        .fetch_one(app.db.pool())
        .await?;
        let now = app.clock.now();
        // When one more failure would fit into the window.
        let free_at = paid_at.map(|at| at + cost - TimeDelta::seconds(WINDOW_SECONDS.into()));
        match free_at.filter(|at| *at > now) {
            None => Ok(()),
            Some(at) => {
                let seconds = (at - now).num_seconds().saturating_add(1).unsigned_abs();
                let detail = format!(
                    "Too many attempts for this account or from this address have failed: try again in {seconds} s."
                );
                Err(Problem::new(code::RATE_LIMITED, detail).retry_after(seconds))
            }
        }
    }

    /// Counts a failure, by the generic cell rate algorithm: each costs its share of the window.
    async fn count(&self, app: &App, tx: &mut Tx) -> Result<(), Problem> {
        let Some(cost) = cost(app) else { return Ok(()) };
        let now = tx.now();
        sqlx::query!(
            "INSERT INTO login_failure AS f (key, paid_at)
             SELECT key, $2::timestamptz + make_interval(secs => $3) FROM unnest($1::bytea[]) key
             ON CONFLICT (key) DO UPDATE SET paid_at = greatest(f.paid_at, $2) + make_interval(secs => $3)",
            &self.keys(),
            now,
            cost.as_seconds_f64()
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// What it is counted under. Hashes, since whose accounts are tried is nobody's business; in order, so that two
    /// attempts don't wait for each other.
    fn keys(&self) -> Vec<Vec<u8>> {
        let keys = attempt_keys(self.what, self.account, self.ip);
        let mut keys = keys.map(|key| token_hash(&key).to_vec());
        keys.sort_unstable();
        keys.into()
    }
}

/// What one failure costs of the window; nothing when limits are off.
fn cost(app: &App) -> Option<TimeDelta> {
    let limit = &app.config.rate_limit;
    let allowed = limit.login_per_minute.max(1);
    let cost = TimeDelta::milliseconds(i64::from(WINDOW_SECONDS) * 1000 / i64::from(allowed));
    limit.enabled.then_some(cost)
}

/// Writes down a failed attempt. One at an unknown address is written too, under an id that nobody has, so that the
/// same rows are written and the answer takes as long.
pub(super) async fn record_failure(
    app: &App,
    context: &RequestContext,
    attempt: &Attempt<'_>,
    user_id: Option<UserId>,
    reason: Failure,
) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    let subject = user_id.unwrap_or(Uuid::nil().into());
    let origin = Origin {
        user_id,
        ..context.origin()
    };
    event::append(
        &mut tx,
        &origin,
        subject,
        &[subject.uuid()],
        &LoginFailed {
            user_id,
            reason,
            ip: context.ip,
        },
    )
    .await?;
    // Last, since others wait for the address's row until the commit.
    attempt.count(app, &mut tx).await?;
    tx.commit().await
}
