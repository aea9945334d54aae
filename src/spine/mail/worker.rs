//! Sends what is queued.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;

use super::{
    MailTransport,
    outbox::{self, Taken},
};
use crate::App;

/// Letters sent at once.
const BATCH: i64 = 8;
/// Between looks at the queue when nothing wakes the mailer: letters that failed, letters of a node that died.
const POLL: Duration = Duration::from_secs(5);
/// Between looks at the queue when commits follow each other closely.
const GAP: Duration = Duration::from_millis(100);
/// One try, all steps together.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends queued mail through `transport` until `stop`; letters on their way then are finished first. Any number of
/// nodes may run it.
pub async fn run_mailer(app: App, transport: MailTransport, stop: CancellationToken) {
    let mut signal = app.db.wake().listen_here();
    let mut tidied = None;
    while !stop.is_cancelled() {
        let now = app.clock.now();
        if tidied.is_none_or(|at| now - at > TimeDelta::hours(6)) {
            tidied = Some(now);
            if let Err(error) = outbox::forget_old(&app.db, now).await {
                tracing::warn!(%error, "old mail could not be forgotten");
            }
        }
        signal.mark_unchanged();
        match outbox::take(&app.db, now, BATCH).await {
            Ok(letters) if letters.is_empty() => {}
            Ok(letters) => {
                join_all(letters.iter().map(|letter| deliver(&app, &transport, letter))).await;
                continue;
            }
            Err(error) => tracing::warn!(%error, "the mail queue can't be read"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = signal.changed() => tokio::time::sleep(GAP).await,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn deliver(app: &App, transport: &MailTransport, letter: &Taken) {
    let outcome = tokio::time::timeout(PATIENCE, transport.send(letter)).await;
    let (fault, hopeless) = match outcome {
        Ok(Ok(())) => {
            metrics::counter!("mail_total", "outcome" => "sent").increment(1);
            if let Err(error) = outbox::sent(&app.db, app.clock.now(), letter).await {
                tracing::warn!(%error, mail = %letter.id, "a letter was sent and could not be marked so: it will be sent again");
            }
            return;
        }
        Ok(Err(fault)) => (fault.to_string(), fault.is_hopeless()),
        Err(_) => (format!("no end after {} s", PATIENCE.as_secs()), false),
    };
    // The server's answer may repeat the address, so it goes to the row and not to the log.
    match outbox::failed(&app.db, app.clock.now(), letter, &fault, hopeless).await {
        Ok(true) => {
            metrics::counter!("mail_total", "outcome" => "given_up").increment(1);
            tracing::error!(mail = %letter.id, "a letter was given up: mail.last_error says why");
        }
        Ok(false) => {
            metrics::counter!("mail_total", "outcome" => "failed").increment(1);
            tracing::warn!(mail = %letter.id, "a letter could not be sent and is tried again: mail.last_error says why");
        }
        Err(error) => {
            tracing::warn!(%error, mail = %letter.id, "a letter's failure could not be noted: it is tried again")
        }
    }
}
