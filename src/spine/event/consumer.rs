//! Durable consumers: each keeps its cursor in the database and moves it in the transaction of its effects.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;

use super::{Position, Recorded, log::held_back, patience::Patience, read};
use crate::{
    db::{Db, Tx},
    http::Problem,
    panic::unpanicked,
};

/// Something that reacts to events. One node at a time runs it.
#[async_trait]
pub trait Consumer: Send + Sync {
    /// Its name in the database.
    fn name(&self) -> &'static str;

    /// Takes the next events, in order, as part of `tx`: what it writes there happens exactly once.
    ///
    /// # Errors
    /// What went wrong. The transaction rolls back and the batch comes again after a pause, event by event; an
    /// event that keeps failing is put aside as a dead letter.
    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault>;

    /// Whether an event is much work. A transaction takes few of these: while it is open, every reader of the log waits.
    fn is_heavy(&self, _: &Recorded) -> bool {
        false
    }

    /// How long it rests once it has taken all there is. While events keep coming they then come in larger batches,
    /// at a fraction of the cost: a busy database would otherwise spend a third of its time on consumers that look at
    /// one event each. After a quiet spell the first is taken at once all the same.
    fn rest(&self) -> Duration {
        Duration::from_millis(100)
    }
}

/// Why a consumer couldn't take an event.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConsumerFault(pub String);

impl From<sqlx::Error> for ConsumerFault {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<Problem> for ConsumerFault {
    fn from(problem: Problem) -> Self {
        Self(problem.account())
    }
}

const BATCH: i64 = 200;
/// Heavy events that a transaction takes at most.
const HEAVY: usize = 4;

struct Cursor {
    position: Position,
    failures: i32,
    retry_at: Option<DateTime<Utc>>,
}

enum Step {
    /// There may be more to take.
    Moved,
    /// All that there was has been taken.
    Caught,
    Idle,
    Held,
}

/// Runs `consumer` until `stop`. Wakes on commits, and looks every `poll` besides.
pub async fn run_consumer(
    db: Db,
    consumer: Arc<dyn Consumer>,
    poll: Duration,
    max_failures: i32,
    stop: CancellationToken,
) {
    let mut signal = db.wake().listen();
    let mut patience = Patience::new(poll);
    loop {
        let pause = match step(&db, &*consumer, max_failures).await {
            Ok(moved @ (Step::Moved | Step::Caught)) => {
                if matches!(moved, Step::Caught) && !consumer.rest().is_zero() {
                    stop.run_until_cancelled(tokio::time::sleep(consumer.rest())).await;
                }
                if stop.is_cancelled() {
                    return;
                }
                patience.end();
                continue;
            }
            Ok(Step::Idle) => patience.end(),
            Ok(Step::Held) => patience.grow(),
            Err(error) => {
                tracing::warn!(consumer = consumer.name(), %error, "consumer step failed");
                poll
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            _ = signal.changed() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Whether there is anything to take. Asked without a lock, since a lock takes a transaction id, and an open one holds
/// every reader of the log back.
async fn glance(db: &Db, name: &str) -> Result<Step, Problem> {
    let found = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM event e WHERE (e.tx, e.seq) > (c.tx, c.seq) AND e.tx < event_horizon()) AS "ready!",
                  EXISTS (SELECT FROM event e WHERE (e.tx, e.seq) > (c.tx, c.seq)) AS "written!"
           FROM event_consumer c WHERE c.name = $1"#,
        name
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(match found {
        None => Step::Moved,
        Some(found) if found.ready => Step::Moved,
        Some(found) if found.written => Step::Held,
        Some(_) => Step::Idle,
    })
}

async fn step(db: &Db, consumer: &dyn Consumer, max_failures: i32) -> Result<Step, Problem> {
    let waiting = glance(db, consumer.name()).await?;
    if !matches!(waiting, Step::Moved) {
        return Ok(waiting);
    }
    let mut tx = db.begin().await?;
    let Some(cursor) = claim(&mut tx, consumer.name()).await? else {
        return Ok(Step::Idle);
    };
    if cursor.retry_at.is_some_and(|at| at > tx.now()) {
        return Ok(Step::Idle);
    }
    // After a failure events come one by one, so that the poisoned one is found and the rest goes on.
    let limit = if cursor.failures > 0 { 1 } else { BATCH };
    let mut events = read(&mut *tx, cursor.position, limit).await?;
    let full = usize::try_from(limit).is_ok_and(|limit| events.len() >= limit);
    let more = keep_light(consumer, &mut events) || full;
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Ok(if held_back(&mut *tx, cursor.position).await? {
            Step::Held
        } else {
            Step::Idle
        });
    };
    let now = tx.now();
    match unpanicked(consumer.apply(&mut tx, &events))
        .await
        .unwrap_or_else(|panic| Err(ConsumerFault(panic)))
    {
        Ok(()) => {
            advance(&mut tx, consumer.name(), last.position, now).await?;
            tx.commit().await?;
            Ok(if more { Step::Moved } else { Step::Caught })
        }
        Err(fault) => {
            // Dropped instead, it might still hold the cursor when it is claimed again below.
            tx.rollback().await?;
            tracing::warn!(consumer = consumer.name(), event = %first.id, %fault, "an event could not be taken");
            let mut tx = db.begin().await?;
            if claim(&mut tx, consumer.name())
                .await?
                .is_none_or(|held| held.position != cursor.position)
            {
                return Ok(Step::Idle);
            }
            let failures = cursor.failures.saturating_add(1);
            if failures >= max_failures && limit == 1 {
                bury(&mut tx, consumer.name(), first, &fault, failures).await?;
                advance(&mut tx, consumer.name(), first.position, now).await?;
                tx.commit().await?;
                return Ok(Step::Moved);
            }
            postpone(&mut tx, consumer.name(), failures, &fault, now).await?;
            tx.commit().await?;
            Ok(Step::Idle)
        }
    }
}

/// Leaves what comes after the last heavy event that may be taken to the next transaction; says whether anything does.
fn keep_light(consumer: &dyn Consumer, events: &mut Vec<Recorded>) -> bool {
    let mut heavy = events.iter().enumerate().filter(|(_, event)| consumer.is_heavy(event));
    let Some((last, _)) = heavy.nth(HEAVY - 1) else {
        return false;
    };
    let more = last + 1 < events.len();
    events.truncate(last + 1);
    more
}

async fn claim(tx: &mut Tx, name: &str) -> Result<Option<Cursor>, Problem> {
    let now = tx.now();
    let row = sqlx::query!(
        "SELECT tx, seq, failures, retry_at FROM event_consumer WHERE name = $1 FOR UPDATE SKIP LOCKED",
        name
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(row) = row {
        let position = Position {
            tx: row.tx,
            seq: row.seq,
        };
        return Ok(Some(Cursor {
            position,
            failures: row.failures,
            retry_at: row.retry_at,
        }));
    }
    let made = sqlx::query!(
        "INSERT INTO event_consumer (name, updated_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        name,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok((made.rows_affected() == 1).then_some(Cursor {
        position: Position::START,
        failures: 0,
        retry_at: None,
    }))
}

async fn advance(tx: &mut Tx, name: &str, to: Position, now: DateTime<Utc>) -> Result<(), Problem> {
    sqlx::query!(
        "UPDATE event_consumer
         SET tx = $2, seq = $3, failures = 0, retry_at = NULL, last_error = NULL, updated_at = $4
         WHERE name = $1",
        name,
        to.tx,
        to.seq,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Pauses of 1, 2, 4, … seconds, five minutes at most.
async fn postpone(
    tx: &mut Tx,
    name: &str,
    failures: i32,
    fault: &ConsumerFault,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let exponent = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(9);
    let pause = TimeDelta::seconds(1_i64.checked_shl(exponent).unwrap_or(300).min(300));
    sqlx::query!(
        "UPDATE event_consumer SET failures = $2, retry_at = $3, last_error = $4, updated_at = $5 WHERE name = $1",
        name,
        failures,
        now + pause,
        fault.0,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn bury(tx: &mut Tx, name: &str, event: &Recorded, fault: &ConsumerFault, failures: i32) -> Result<(), Problem> {
    let now = tx.now();
    tracing::error!(consumer = name, event = %event.id, %fault, "an event was put aside as a dead letter");
    sqlx::query!(
        "INSERT INTO event_dead_letter (consumer, tx, seq, event_id, error, failures, failed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        name,
        event.position.tx,
        event.position.seq,
        event.id.uuid(),
        fault.0,
        failures,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
