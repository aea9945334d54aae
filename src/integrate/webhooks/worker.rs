//! Sends what is queued, on every node.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures_util::StreamExt;
use guildhall_spine::{App, http::Problem, work::Worker};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    deliver,
    queue::{self, Due, Taken},
    secrets,
    send::{self, Message},
    upkeep,
};

/// Endpoints that one node delivers to at once.
const ENDPOINTS: usize = 64;
/// Messages to one endpoint at once.
const ABREAST: usize = 4;
/// Messages to one endpoint before others have their turn.
const BATCH: i64 = 16;
/// Between looks at the queue when nothing wakes the worker: tries that come again, endpoints of a node that died.
const POLL: Duration = Duration::from_secs(1);
/// Between looks at the queue when commits follow each other closely.
const GAP: Duration = Duration::from_millis(20);
/// What is under way when the server stops has this long to end.
const GRACE: Duration = Duration::from_secs(5);
const UPKEEP: TimeDelta = TimeDelta::hours(1);

/// Delivers messages.
pub(crate) struct Deliveries;

#[async_trait]
impl Worker for Deliveries {
    async fn run(&self, app: App, stop: CancellationToken) {
        let mut signal = app.db.wake().listen();
        let mut under_way = JoinSet::new();
        let mut tidied = None;
        while !stop.is_cancelled() {
            let now = app.clock.now();
            if tidied.is_none_or(|at| now - at > UPKEEP) {
                tidied = Some(now);
                if let Err(problem) = upkeep::tidy(&app, now).await {
                    tracing::warn!(%problem, "the upkeep of webhooks failed; it comes again in an hour");
                }
            }
            signal.mark_unchanged();
            while under_way.try_join_next().is_some() {}
            let room = ENDPOINTS.saturating_sub(under_way.len());
            match queue::take(&app.db, now, i64::try_from(room).unwrap_or(0)).await {
                Ok(taken) => {
                    for endpoint in taken {
                        under_way.spawn(serve(app.clone(), endpoint, stop.clone()));
                    }
                }
                Err(error) => tracing::warn!(%error, "the queue of webhooks can't be read"),
            }
            tokio::select! {
                () = stop.cancelled() => break,
                _ = signal.changed() => tokio::time::sleep(GAP).await,
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }
}

/// Sends the first messages of an endpoint that are due, and gives it back.
async fn serve(app: App, endpoint: Taken, stop: CancellationToken) {
    let ending = async {
        stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    let done = tokio::select! {
        done = batch(&app, &endpoint) => done,
        () = ending => Ok(()),
    };
    if let Err(problem) = done {
        // Not given back: its lease is the pause before the next try.
        tracing::warn!(%problem, endpoint = %endpoint.id, "a webhook endpoint could not be served; it is tried again");
        return;
    }
    if let Err(problem) = queue::give_back(&app.db, &endpoint).await {
        tracing::warn!(%problem, endpoint = %endpoint.id, "a webhook endpoint is given back by its lease's end only");
    }
}

async fn batch(app: &App, endpoint: &Taken) -> Result<(), Problem> {
    let now = app.clock.now();
    let due = queue::due(&app.db, endpoint.id, now, BATCH).await?;
    if due.is_empty() {
        return Ok(());
    }
    let secrets = secrets::live(&app.db, &app.keyring, endpoint.id, now).await?;
    let (on, secrets) = (&AtomicBool::new(true), &secrets);
    futures_util::stream::iter(due)
        .for_each_concurrent(ABREAST, |message| async move {
            if on.load(Ordering::Relaxed) && !deliver(app, endpoint, secrets, &message).await {
                on.store(false, Ordering::Relaxed);
            }
        })
        .await;
    Ok(())
}

/// One attempt. Returns whether the endpoint is still on.
async fn deliver(app: &App, endpoint: &Taken, secrets: &[Vec<u8>], message: &Due) -> bool {
    let at = app.clock.now();
    let outcome = send::send(
        app,
        &Message {
            url: &endpoint.url,
            event: message.event_id,
            body: &message.body,
            secrets,
        },
    )
    .await;
    let label = outcome.error.unwrap_or("delivered");
    metrics::counter!("webhook_attempts_total", "outcome" => label).increment(1);
    match deliver::note(app, endpoint, message, at, &outcome).await {
        Ok(on) => on,
        Err(problem) => {
            tracing::warn!(%problem, message = %message.id, "an attempt could not be noted: it is made again");
            true
        }
    }
}
