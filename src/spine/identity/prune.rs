//! Removing what has served its time.

use chrono::{DateTime, Duration, Utc};

use crate::{db::Db, http::Problem};

/// Rows removed by one statement: few enough to hold no lock for long.
const BATCH: i64 = 1000;
/// Statements a table in one run; what is left waits for the next run.
const ROUNDS: usize = 500;

/// Removes a table's rows that match, batch by batch. Each batch is a transaction of its own; rows that another node
/// is removing are left to it.
macro_rules! remove {
    ($db:expr, $sql:literal, $before:expr) => {
        for _ in 0..ROUNDS {
            let removed = sqlx::query!($sql, $before, BATCH)
                .execute($db.pool())
                .await?
                .rows_affected();
            if removed < BATCH.unsigned_abs() {
                break;
            }
        }
    };
}

/// Removes tokens that can't be used any more: refresh tokens of sessions that ended an hour ago or more, those
/// replaced 30 days ago (refused as before, but no longer taken for theft), sessions that ended 90 days ago, log-ins
/// whose second factor never came, failed log-ins that count no more, tickets for sockets, mailed links that expired 30 days ago, and answers kept for
/// `Idempotency-Key` longer than 24 hours. May run on several nodes at once.
///
/// # Errors
/// When the database fails; what was removed until then stays so.
pub async fn prune(db: &Db, now: DateTime<Utc>) -> Result<(), Problem> {
    remove!(
        db,
        "DELETE FROM refresh_token WHERE hash IN (
             SELECT r.hash FROM session s JOIN refresh_token r ON r.session_id = s.id
             WHERE least(s.expires_at, s.revoked_at) < $1 LIMIT $2 FOR UPDATE OF r SKIP LOCKED)",
        now - Duration::hours(1)
    );
    remove!(
        db,
        "DELETE FROM refresh_token WHERE hash IN (
             SELECT hash FROM refresh_token WHERE issued_at < $1 AND used_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::days(30)
    );
    remove!(
        db,
        "DELETE FROM session WHERE id IN (
             SELECT id FROM session WHERE least(expires_at, revoked_at) < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::days(90)
    );
    remove!(
        db,
        "DELETE FROM mfa_challenge WHERE hash IN (
             SELECT hash FROM mfa_challenge WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now
    );
    remove!(
        db,
        "DELETE FROM login_failure WHERE key IN (
             SELECT key FROM login_failure WHERE paid_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now
    );
    remove!(
        db,
        "DELETE FROM live_ticket WHERE hash IN (
             SELECT hash FROM live_ticket WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now
    );
    remove!(
        db,
        "DELETE FROM mail_token WHERE hash IN (
             SELECT hash FROM mail_token WHERE expires_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::days(30)
    );
    remove!(
        db,
        "DELETE FROM idempotency_key WHERE (principal, operation, key) IN (
             SELECT principal, operation, key FROM idempotency_key
             WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now - Duration::hours(24)
    );
    Ok(())
}
