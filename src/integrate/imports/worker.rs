//! Works through imports, on every node, and forgets old ones.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::FileId;
use guildhall_spine::{App, http::Problem, work::Worker};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Status, kind::Job, run, stage};

/// Imports that one node works on at once.
const ABREAST: usize = 2;
/// Between looks at the queue when nothing wakes the worker.
const POLL: Duration = Duration::from_secs(2);
/// Between looks at the queue when commits follow each other closely.
const GAP: Duration = Duration::from_millis(50);
const UPKEEP: TimeDelta = TimeDelta::hours(1);
/// How long imports, their reports and their files are kept.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Times in a row that an import breaks off before it is given up.
const FAILURES: i32 = 5;

/// Works through imports.
pub(crate) struct Imports;

#[async_trait]
impl Worker for Imports {
    async fn run(&self, app: App, stop: CancellationToken) {
        let mut signal = app.db.wake().listen();
        let mut under_way = JoinSet::new();
        let mut tidied = None;
        while !stop.is_cancelled() {
            let now = app.clock.now();
            if tidied.is_none_or(|at| now - at > UPKEEP) {
                tidied = Some(now);
                if let Err(problem) = tidy(&app, now).await {
                    tracing::warn!(%problem, "old imports could not be forgotten; it is tried again in an hour");
                }
            }
            signal.mark_unchanged();
            while under_way.try_join_next().is_some() {}
            if under_way.len() < ABREAST {
                match stage::take(&app.db, now).await {
                    Ok(Some(job)) => {
                        let (app, stop) = (app.clone(), stop.clone());
                        under_way.spawn(async move {
                            if stop.run_until_cancelled(serve(&app, job.clone())).await.is_none() {
                                release(&app, &job).await;
                            }
                        });
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, "the queue of imports can't be read"),
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                _ = signal.changed() => tokio::time::sleep(GAP).await,
                _ = under_way.join_next(), if !under_way.is_empty() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }
}

async fn serve(app: &App, job: Job) {
    let Err(problem) = Box::pin(run::run(app, job.clone())).await else {
        return;
    };
    tracing::warn!(%problem, import = %job.id, "an import broke off; it goes on when its lease has run out");
    if let Err(problem) = note_failure(app, &job).await {
        tracing::warn!(%problem, import = %job.id, "that an import broke off could not be noted");
    }
}

/// What was in hand when the server stops rolls back: another node may go on from the checkpoint at once.
async fn release(app: &App, job: &Job) {
    let freed = sqlx::query!(
        "UPDATE bulk_import SET leased_until = NULL WHERE id = $1 AND status IN ('running', 'applying')",
        job.id.uuid()
    )
    .execute(app.db.pool())
    .await;
    if let Err(error) = freed {
        tracing::warn!(%error, import = %job.id, "an import goes on when its lease has run out only");
    }
}

/// Counts the failure, and gives an import up that breaks off again and again.
async fn note_failure(app: &App, job: &Job) -> Result<(), Problem> {
    let held = sqlx::query!(
        r#"UPDATE bulk_import SET failures = failures + 1
           WHERE id = $1 AND status IN ('running', 'applying') RETURNING failures, leased_until AS "leased_until!""#,
        job.id.uuid()
    )
    .fetch_optional(app.db.pool())
    .await?;
    let Some(held) = held.filter(|held| held.failures >= FAILURES) else {
        return Ok(());
    };
    let job = Job {
        leased_until: held.leased_until,
        ..job.clone()
    };
    let fault = "something went wrong on the server again and again: the server's log says what";
    run::finish(app, &job, Status::Failed, Some(fault)).await?;
    Ok(())
}

/// Forgets what is old: imports with their reports, then files that no import needs, rows before bytes.
async fn tidy(app: &App, now: DateTime<Utc>) -> Result<(), Problem> {
    let before = now - KEPT;
    sqlx::query!("DELETE FROM bulk_import WHERE finished_at < $1", before)
        .execute(app.db.pool())
        .await?;
    let files = sqlx::query_scalar!(
        r#"DELETE FROM import_file f
           WHERE f.created_at < $1 AND NOT EXISTS (SELECT FROM bulk_import i WHERE i.file_id = f.id)
           RETURNING f.id AS "id: FileId""#,
        before
    )
    .fetch_all(app.db.pool())
    .await?;
    for file in files {
        app.files.delete(file).await?;
    }
    Ok(())
}
