//! The queue: rows of `mail`.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::MailId;

use super::{Letter, render};
use crate::{
    db::{Db, Tx},
    http::Problem,
};

/// Times that a letter is tried: the last try comes about an hour after the first.
const TRIES: i32 = 8;
/// Time after which a letter that a node took and never reported on is tried again. Longer than one try takes.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// How long it is remembered who got which letter.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// Queues `letter` to `recipient` as part of `tx`: it goes out if and only if the transaction commits.
///
/// # Errors
/// When the database fails or the letter's template is broken.
pub async fn queue<L: Letter>(tx: &mut Tx, recipient: &str, letter: &L) -> Result<MailId, Problem> {
    let rendered = render(letter)?;
    let id: MailId = tx.new_id();
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO mail (id, recipient, template, subject, body, created_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        id.uuid(),
        recipient,
        L::NAME,
        rendered.subject,
        rendered.body,
        now
    )
    .execute(&mut **tx)
    .await?;
    // Wakes the mailer together with the event log's readers.
    tx.published = true;
    Ok(id)
}

/// A letter that this node has taken to be sent.
pub(super) struct Taken {
    pub(super) id: MailId,
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) created_at: DateTime<Utc>,
    attempts: i32,
}

/// Takes up to `most` letters that are due at `now`. No lock is held while they are sent: an open transaction would
/// hold back the event log's readers.
pub(super) async fn take(db: &Db, now: DateTime<Utc>, most: i64) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"UPDATE mail SET attempts = attempts + 1, due_at = $2
           WHERE id IN (SELECT id FROM mail
                        WHERE due_at <= $1 AND sent_at IS NULL AND failed_at IS NULL
                        ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING id, recipient, subject, coalesce(body, '') AS "body!", created_at, attempts"#,
        now,
        now + LEASE,
        most
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Taken {
            id: row.id.into(),
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            created_at: row.created_at,
            attempts: row.attempts,
        })
        .collect())
}

/// The letter has gone out.
pub(super) async fn sent(db: &Db, now: DateTime<Utc>, taken: &Taken) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE mail SET sent_at = $2, body = NULL, last_error = NULL WHERE id = $1 AND sent_at IS NULL",
        taken.id.uuid(),
        now
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

/// The letter didn't go out: it is tried again later, or given up when that is `hopeless` or was the last try.
/// Returns whether it was given up.
pub(super) async fn failed(
    db: &Db,
    now: DateTime<Utc>,
    taken: &Taken,
    error: &str,
    hopeless: bool,
) -> Result<bool, sqlx::Error> {
    let over = hopeless || taken.attempts >= TRIES;
    sqlx::query!(
        "UPDATE mail
         SET last_error = $4, due_at = $5, failed_at = CASE WHEN $3 THEN $6::timestamptz END,
             body = CASE WHEN $3 THEN NULL ELSE body END
         WHERE id = $1 AND attempts = $2 AND sent_at IS NULL",
        taken.id.uuid(),
        taken.attempts,
        over,
        error,
        now + pause(taken.attempts),
        now
    )
    .execute(db.pool())
    .await?;
    Ok(over)
}

/// Forgets letters that are done and old.
pub(super) async fn forget_old(db: &Db, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM mail WHERE created_at < $1 AND (sent_at IS NOT NULL OR failed_at IS NOT NULL)",
        now - REMEMBERED
    )
    .execute(db.pool())
    .await?;
    Ok(())
}

/// 30 seconds after the first try, then twice as long each time.
fn pause(attempts: i32) -> TimeDelta {
    TimeDelta::seconds(30 << (attempts.clamp(1, TRIES) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_comes_about_an_hour_after_the_first() {
        let total: TimeDelta = (1..TRIES).map(pause).sum();
        assert_eq!(total, TimeDelta::seconds(30 * 127));
    }
}
