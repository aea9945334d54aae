//! Looking after consumers: where they stand, what they put aside, and taking events again.

use chrono::{DateTime, Utc};
use guildhall_kernel::EventId;
use sqlx::PgConnection;

use super::{Consumer, Position, log::read_one};
use crate::{
    db::{Db, Tx},
    http::Problem,
};

/// Where a consumer stands.
#[derive(Debug)]
pub struct ConsumerStatus {
    /// Its name.
    pub name: String,
    /// The last event it has taken.
    pub position: Position,
    /// Failures in a row.
    pub failures: i32,
    /// When it tries again.
    pub retry_at: Option<DateTime<Utc>>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Final events it hasn't taken yet, counted up to 10 000.
    pub behind: i64,
    /// Events put aside.
    pub dead_letters: i64,
}

/// An event that a consumer gave up on.
#[derive(Debug)]
pub struct DeadLetter {
    /// The event's place.
    pub position: Position,
    /// The event.
    pub event_id: EventId,
    /// What went wrong.
    pub error: String,
    /// When it was put aside.
    pub failed_at: DateTime<Utc>,
}

/// Every consumer's place.
///
/// # Errors
/// When the database fails.
pub async fn statuses(db: &mut PgConnection) -> Result<Vec<ConsumerStatus>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT name, c.tx, c.seq, failures, retry_at, last_error,
                  (SELECT count(*) FROM (SELECT FROM event e WHERE (e.tx, e.seq) > (c.tx, c.seq)
                                         AND e.tx < event_horizon() LIMIT 10000) waiting) AS "behind!",
                  (SELECT count(*) FROM event_dead_letter d WHERE d.consumer = c.name) AS "dead_letters!"
           FROM event_consumer c ORDER BY name"#
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ConsumerStatus {
            name: row.name,
            position: Position {
                tx: row.tx,
                seq: row.seq,
            },
            failures: row.failures,
            retry_at: row.retry_at,
            last_error: row.last_error,
            behind: row.behind,
            dead_letters: row.dead_letters,
        })
        .collect())
}

/// The dead letters of a consumer, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn dead_letters(db: &mut PgConnection, name: &str) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT tx, seq, event_id, error, failed_at FROM event_dead_letter WHERE consumer = $1 ORDER BY tx, seq",
        name
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| DeadLetter {
            position: Position {
                tx: row.tx,
                seq: row.seq,
            },
            event_id: row.event_id.into(),
            error: row.error,
            failed_at: row.failed_at,
        })
        .collect())
}

/// Why a consumer can't be set back.
#[derive(Debug, thiserror::Error)]
pub enum ReplayFault {
    /// The place lies ahead: events would never be taken.
    #[error("the consumer stands at {0}: it can be set back only, or events would be left out")]
    Ahead(Position),
    /// Events after the place have been dropped.
    #[error("events up to transaction {0} are no longer kept: replay from {0}-0 or later")]
    Expired(i64),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// Sets a consumer back to `from`, so that it takes everything after it again, its dead letters from there on
/// included. From [`Position::START`] it takes all that is kept. Returns whether there is such a consumer.
///
/// # Errors
/// [`ReplayFault`]; then the transaction must be dropped.
pub async fn replay(tx: &mut Tx, name: &str, from: Position) -> Result<bool, ReplayFault> {
    let now = tx.now();
    // Waits until the consumer is done with the batch that it has in hand.
    let held = sqlx::query!(
        "SELECT c.tx, c.seq, expired_tx FROM event_consumer c, event_epoch WHERE name = $1 FOR UPDATE OF c",
        name
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(held) = held else { return Ok(false) };
    let stands = Position {
        tx: held.tx,
        seq: held.seq,
    };
    if from > stands {
        return Err(ReplayFault::Ahead(stands));
    }
    if from != Position::START && from.tx < held.expired_tx {
        return Err(ReplayFault::Expired(held.expired_tx));
    }
    sqlx::query!(
        "DELETE FROM event_dead_letter WHERE consumer = $1 AND (tx, seq) > ($2, $3)",
        name,
        from.tx,
        from.seq
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE event_consumer
         SET tx = $2, seq = $3, failures = 0, retry_at = NULL, last_error = NULL, updated_at = $4 WHERE name = $1",
        name,
        from.tx,
        from.seq,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Hands a consumer its dead letters once more, oldest first, each in a transaction of its own, and returns how many
/// it took. Those that fail again stay, and those whose event is no longer in the log.
///
/// # Errors
/// When the database fails; what was taken until then stays taken.
pub async fn forgive(db: &Db, consumer: &dyn Consumer) -> Result<usize, Problem> {
    let letters = dead_letters(&mut *db.pool().acquire().await?, consumer.name()).await?;
    let mut taken = 0;
    for letter in letters {
        let mut tx = db.begin().await?;
        // The consumer runs on one node at a time, this one included.
        sqlx::query!("SELECT FROM event_consumer WHERE name = $1 FOR UPDATE", consumer.name())
            .execute(&mut *tx)
            .await?;
        let held = sqlx::query!(
            "DELETE FROM event_dead_letter WHERE consumer = $1 AND tx = $2 AND seq = $3",
            consumer.name(),
            letter.position.tx,
            letter.position.seq
        )
        .execute(&mut *tx)
        .await?;
        if held.rows_affected() != 1 {
            // Someone else was faster.
            continue;
        }
        let Some(event) = read_one(&mut *tx, letter.position).await? else {
            tracing::warn!(consumer = consumer.name(), event = %letter.event_id, "no longer in the event log");
            continue;
        };
        match consumer.apply(&mut tx, std::slice::from_ref(&event)).await {
            Ok(()) => {
                tx.commit().await?;
                taken += 1;
            }
            Err(fault) => tracing::warn!(consumer = consumer.name(), event = %letter.event_id, %fault, "failed again"),
        }
    }
    Ok(taken)
}
