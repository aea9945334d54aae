//! Carries out what is queued, on any node.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use guildhall_spine::{App, event, http::Problem, work::Worker};
use tokio_util::sync::CancellationToken;

use super::connection::{self, Connection};
use super::connector::{Fault, FaultKind};
use super::events::CrmDeadLetter;
use super::log::{self, Entry, Outcome};
use super::queue::{self, TRIES, Taken, Work};
use super::sync::{self, Stop};
use super::{drift, mirror, reconcile};

/// Pieces at once; each is of another record.
const BATCH: i64 = 8;
/// Between looks at the queue when nothing wakes the worker.
const POLL: Duration = Duration::from_secs(1);
/// While the credentials are refused.
const REFUSED_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// When a CRM asks for a rest and doesn't say how long.
const BUSY_PAUSE: TimeDelta = TimeDelta::seconds(30);
/// How long messages are remembered: ten times as long as one is taken.
const REMEMBERED: TimeDelta = TimeDelta::minutes(50);
/// How far the sync log reaches back.
const LOGGED: TimeDelta = TimeDelta::days(90);

/// See the module.
#[derive(Clone, Copy, Debug, Default)]
pub struct CrmWorker;

#[async_trait]
impl Worker for CrmWorker {
    async fn run(&self, app: App, stop: CancellationToken) {
        let mut signal = app.db.wake().listen_here();
        let mut tidied = None;
        while !stop.is_cancelled() {
            let now = app.clock.now();
            if tidied.is_none_or(|at| now - at > REMEMBERED) {
                tidied = Some(now);
                if let Err(error) = tidy(&app, now).await {
                    tracing::warn!(%error, "old CRM messages and log entries could not be forgotten");
                }
            }
            signal.mark_unchanged();
            match queue::take(&app.db, now, BATCH).await {
                Ok(taken) if taken.is_empty() => {}
                Ok(taken) => {
                    join_all(taken.iter().map(|one| Box::pin(carry_out(&app, one)))).await;
                    continue;
                }
                Err(error) => tracing::warn!(%error, "the CRM queue can't be read"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = signal.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

async fn poll(app: &App, connection: &Connection) -> Result<(), Stop> {
    sync::poll(app, connection).await?;
    mirror::poll(app, connection).await
}

/// What is forgotten after a time. Several nodes may at once.
async fn tidy(app: &App, now: DateTime<Utc>) -> Result<(), Problem> {
    forget_messages(app).await?;
    loop {
        let gone = sqlx::query!(
            "DELETE FROM crm_sync WHERE id IN (SELECT id FROM crm_sync WHERE at < $1 ORDER BY at LIMIT 2000
                                               FOR UPDATE SKIP LOCKED)",
            now - LOGGED
        )
        .execute(app.db.pool())
        .await?;
        if gone.rows_affected() == 0 {
            return Ok(());
        }
    }
}

async fn forget_messages(app: &App) -> Result<(), Problem> {
    let before = app.clock.now() - REMEMBERED;
    sqlx::query!("DELETE FROM crm_message WHERE received_at < $1", before)
        .execute(app.db.pool())
        .await?;
    Ok(())
}

async fn carry_out(app: &App, taken: &Taken) {
    if let Err(error) = try_one(app, taken).await {
        // The lease runs out, and the work comes again.
        tracing::warn!(%error, work = taken.work.as_str(), "CRM work could not be carried out or noted");
    }
}

async fn try_one(app: &App, taken: &Taken) -> Result<(), Problem> {
    let Some(connection) = connection::load(app.db.pool(), taken.connection).await? else {
        return Ok(());
    };
    let result = match taken.work {
        Work::Sync => sync::sync(app, &connection, taken).await,
        Work::Pull => sync::pull(app, &connection, taken).await,
        Work::Poll => poll(app, &connection).await,
        Work::Drift => drift::check(app, &connection).await.map(|_| ()),
        Work::Reconcile => reconcile::run(app, &connection).await,
    };
    metrics::counter!("crm_work_total", "work" => taken.work.as_str(), "outcome" => if result.is_ok() { "done" } else { "failed" })
        .increment(1);
    match result {
        Ok(()) => {
            connection.note_success(app).await?;
            queue::done(&app.db, app.clock.now(), taken).await?;
            Ok(())
        }
        Err(Stop::Here(problem)) if problem.code().status < 500 => {
            put_aside(app, &connection, taken, problem.detail()).await
        }
        Err(Stop::Here(problem)) => again(app, &connection, taken, &problem.to_string()).await,
        Err(Stop::Crm(fault)) => cope(app, &connection, taken, fault).await,
    }
}

async fn cope(app: &App, connection: &Connection, taken: &Taken, fault: Fault) -> Result<(), Problem> {
    connection.note_fault(app, &fault).await?;
    match fault.kind {
        FaultKind::Auth => {
            let mut tx = app.db.begin().await?;
            let at = tx.now() + REFUSED_PAUSE;
            queue::later(&mut tx, taken, at, &fault.message, false).await?;
            tx.commit().await
        }
        FaultKind::Busy(after) => rest(app, connection, taken, &fault, after).await,
        FaultKind::Away => again(app, connection, taken, &fault.message).await,
        FaultKind::Schema if taken.work == Work::Sync => match drift::check(app, connection).await {
            // Writes rest from now on, and this one with them.
            Ok(true) => {
                let mut tx = app.db.begin().await?;
                let now = tx.now();
                queue::later(&mut tx, taken, now, &fault.message, false).await?;
                tx.commit().await
            }
            Ok(false) => put_aside(app, connection, taken, &fault.message).await,
            Err(_) => again(app, connection, taken, &fault.message).await,
        },
        FaultKind::Refused | FaultKind::Schema | FaultKind::Gone => {
            put_aside(app, connection, taken, &fault.message).await
        }
    }
}

/// The whole connection rests for as long as the CRM wants.
async fn rest(
    app: &App,
    connection: &Connection,
    taken: &Taken,
    fault: &Fault,
    after: Option<Duration>,
) -> Result<(), Problem> {
    let pause = after
        .and_then(|after| TimeDelta::from_std(after).ok())
        .unwrap_or(BUSY_PAUSE);
    let mut tx = app.db.begin().await?;
    let until = tx.now() + pause.clamp(TimeDelta::seconds(1), TimeDelta::hours(24));
    sqlx::query!(
        "UPDATE crm_connection SET blocked_until = greatest(blocked_until, $2) WHERE id = $1",
        connection.id.uuid(),
        until
    )
    .execute(&mut *tx)
    .await?;
    queue::later(&mut tx, taken, until, &fault.message, false).await?;
    note(&mut tx, connection, taken, Outcome::Retried, &fault.message).await?;
    tx.commit().await
}

async fn again(app: &App, connection: &Connection, taken: &Taken, error: &str) -> Result<(), Problem> {
    if taken.attempts >= TRIES {
        return put_aside(app, connection, taken, error).await;
    }
    let mut tx = app.db.begin().await?;
    let at = tx.now() + queue::pause(taken.attempts);
    queue::later(&mut tx, taken, at, error, true).await?;
    note(&mut tx, connection, taken, Outcome::Retried, error).await?;
    tx.commit().await
}

async fn put_aside(app: &App, connection: &Connection, taken: &Taken, error: &str) -> Result<(), Problem> {
    let mut tx = app.db.begin().await?;
    queue::bury(&mut tx, taken, error).await?;
    note(&mut tx, connection, taken, Outcome::Failed, error).await?;
    let dead = CrmDeadLetter {
        connection_id: connection.id,
        vendor_id: connection.vendor,
        work: taken.work.as_str().to_owned(),
        error: error.to_owned(),
    };
    event::append(
        &mut tx,
        &connection.origin(),
        connection.id,
        &[connection.vendor.uuid()],
        &dead,
    )
    .await?;
    tx.commit().await
}

async fn note(
    tx: &mut guildhall_spine::db::Tx,
    connection: &Connection,
    taken: &Taken,
    outcome: Outcome,
    error: &str,
) -> Result<(), Problem> {
    let entry = Entry {
        deal: (taken.work == Work::Sync).then(|| taken.subject.parse().ok()).flatten(),
        record: (taken.work == Work::Pull).then(|| taken.subject.clone()),
        error: Some(error.to_owned()),
        ..Entry::new(outcome)
    };
    log::write(tx, connection.id, &entry).await
}
