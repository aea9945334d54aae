//! Rings the timers that are due.

use std::{collections::HashMap, sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Due, Next, Timer};
use crate::{App, db::Tx, http::Problem, panic::unpanicked};

/// Deadlines that are looked at in one go.
const BATCH: i64 = 100;
/// The longest time between two tries of a deadline that fails.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

struct Found {
    kind: String,
    subject: Uuid,
    at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    data: Value,
    failures: i32,
}

/// Rings `timers` until `stop`. Any number of nodes may run it: a deadline is one node's at a time.
pub async fn run_timers(app: App, timers: Vec<Arc<dyn Timer>>, poll: Duration, stop: CancellationToken) {
    let mut signal = app.db.wake().listen_here();
    let timers: HashMap<&'static str, Arc<dyn Timer>> = timers.into_iter().map(|timer| (timer.kind(), timer)).collect();
    let kinds: Vec<String> = timers.keys().map(|kind| (*kind).to_owned()).collect();
    while !stop.is_cancelled() {
        signal.mark_unchanged();
        let pause = match round(&app, &timers, &kinds, &stop).await {
            Ok(pause) => pause.min(poll),
            Err(error) => {
                tracing::warn!(%error, "the timers can't be read");
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

/// Rings what is due; returns how long until the next deadline.
async fn round(
    app: &App,
    timers: &HashMap<&'static str, Arc<dyn Timer>>,
    kinds: &[String],
    stop: &CancellationToken,
) -> Result<Duration, sqlx::Error> {
    let now = app.clock.now();
    let found = sqlx::query_as!(
        Found,
        "SELECT kind, subject, at, due_at, data, failures FROM timer WHERE kind = ANY ($1) ORDER BY due_at LIMIT $2",
        kinds,
        BATCH,
    )
    .fetch_all(app.db.pool())
    .await?;
    let mut rung = false;
    for found in &found {
        if found.due_at > now || stop.is_cancelled() {
            // What was rung may be due again at once.
            let pause = (found.due_at - now).to_std().unwrap_or_default();
            return Ok(if rung { Duration::ZERO } else { pause });
        }
        rung = true;
        let Some(timer) = timers.get(found.kind.as_str()) else {
            continue;
        };
        if let Err(problem) = ring(app, &**timer, found).await {
            tracing::error!(kind = found.kind, subject = %found.subject, %problem, "a deadline could not be carried out");
            put_off(app, found, &problem).await?;
        }
    }
    Ok(if found.is_empty() {
        Duration::MAX
    } else {
        Duration::ZERO
    })
}

async fn ring(app: &App, timer: &dyn Timer, found: &Found) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    if !hold(&mut tx, found).await? {
        return Ok(());
    }
    let due = Due {
        subject: found.subject,
        at: found.at,
        data: found.data.clone(),
    };
    let next = unpanicked(timer.ring(app, &mut tx, &due))
        .await
        .unwrap_or_else(|panic| Err(Problem::internal(panic)))?;
    if settle(&mut tx, found, next).await? {
        return tx.commit().await;
    }
    // It was moved or dropped meanwhile, by whoever changed the subject first: what was done here goes with it.
    tx.rollback().await
}

/// Whether this node alone has the deadline. A lock beside the row, since commands lock the subject first and the row
/// after it, and a timer goes the other way.
async fn hold(tx: &mut Tx, found: &Found) -> Result<bool, sqlx::Error> {
    let name = format!("timer {} {}", found.kind, found.subject);
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))
                  AND EXISTS (SELECT FROM timer WHERE kind = $2 AND subject = $3 AND due_at = $4) AS "held!""#,
        name,
        found.kind,
        found.subject,
        found.due_at,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Whether the deadline was still as found.
async fn settle(tx: &mut Tx, found: &Found, next: Next) -> Result<bool, sqlx::Error> {
    let done = match next {
        Next::Done => {
            sqlx::query!(
                "DELETE FROM timer WHERE kind = $1 AND subject = $2 AND due_at = $3",
                found.kind,
                found.subject,
                found.due_at,
            )
            .execute(&mut **tx)
            .await?
        }
        Next::At(at, data) => {
            sqlx::query!(
                "UPDATE timer SET at = $4, due_at = $4, data = $5, failures = 0, last_error = NULL
                 WHERE kind = $1 AND subject = $2 AND due_at = $3",
                found.kind,
                found.subject,
                found.due_at,
                at,
                data,
            )
            .execute(&mut **tx)
            .await?
        }
    };
    Ok(done.rows_affected() == 1)
}

async fn put_off(app: &App, found: &Found, problem: &Problem) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE timer SET due_at = $4, failures = failures + 1, last_error = $5
         WHERE kind = $1 AND subject = $2 AND due_at = $3",
        found.kind,
        found.subject,
        found.due_at,
        app.clock.now() + pause(found.failures),
        problem.account(),
    )
    .execute(app.db.pool())
    .await?;
    Ok(())
}

/// Five seconds after the first failure, then twice as long each time.
fn pause(failures: i32) -> TimeDelta {
    TimeDelta::seconds(5 << failures.clamp(0, 10)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_an_hour() {
        let pauses: Vec<i64> = [0, 1, 2, 9, 50]
            .into_iter()
            .map(|failures| pause(failures).num_seconds())
            .collect();
        assert_eq!(pauses, [5, 10, 20, 2560, 3600]);
    }
}
