//! Sends what is due, on every node.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use guildhall_kernel::OrgId;
use guildhall_payments::{Sent, Transfers, provider::stripe};
use guildhall_spine::{App, event::Origin, http::Problem, work::Worker};
use tokio_util::sync::CancellationToken;

use super::outcome::{KEPT, Next, next};
use super::queue::{self, Taken, Unreadable};
use crate::payouts::{
    apply::{Told, apply},
    rules::Word,
};
use crate::settings::stripe_key;

/// Payouts taken in one go, and sent at once.
const ABREAST: usize = 8;
/// Between looks at the queue when nothing wakes the worker.
const POLL: Duration = Duration::from_secs(1);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// Sends payouts by services that are called for each.
pub(crate) struct Sender;

#[async_trait]
impl Worker for Sender {
    async fn run(&self, app: App, stop: CancellationToken) {
        let mut signal = app.db.wake().listen();
        while !stop.is_cancelled() {
            signal.mark_unchanged();
            match round(&app).await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(problem) => tracing::warn!(%problem, "the queue of payouts can't be worked on; it is tried again"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                _ = signal.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }
}

/// Sends what is due; returns how many payouts that were. What is under way is finished: the transaction that says what
/// became of a call should follow the call.
async fn round(app: &App) -> Result<usize, Problem> {
    let most = i64::try_from(ABREAST).unwrap_or(1);
    let (taken, unreadable) = queue::take(app, app.clock.now(), most).await?;
    let count = taken.len() + unreadable.len();
    for one in unreadable {
        let payout = one.payout;
        if let Err(problem) = stop(app, one).await {
            tracing::warn!(%problem, %payout, "a payout that can't be read could not be stopped");
        }
    }
    let mut services: HashMap<OrgId, Service> = HashMap::new();
    for one in &taken {
        if services.contains_key(&one.vendor) {
            continue;
        }
        match service(app, one.vendor).await {
            Ok(service) => {
                services.insert(one.vendor, service);
            }
            Err(problem) => {
                tracing::warn!(%problem, vendor = %one.vendor, "a vendor's payment service can't be called")
            }
        }
    }
    let services = &services;
    futures_util::stream::iter(taken)
        .for_each_concurrent(ABREAST, |one| async move {
            let Some(service) = services.get(&one.vendor) else {
                return;
            };
            if let Err(problem) = attempt(app, service, &one).await {
                // Its lease is the pause before the next attempt.
                tracing::warn!(%problem, payout = %one.payout, "what became of a payout could not be noted");
            }
        })
        .await;
    Ok(count)
}

/// A vendor's payment service, or why it can't be called, without secrets.
type Service = Result<Box<dyn Transfers>, String>;

async fn service(app: &App, vendor: OrgId) -> Result<Service, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let (base, key) = stripe_key(app, &mut conn, vendor).await?;
    let service = key.and_then(|secret| {
        let settings = stripe::Settings {
            base,
            secret,
            timeout: PATIENCE,
        };
        stripe::Stripe::new(reqwest::Client::builder(), settings).map_err(|fault| fault.to_string())
    });
    Ok(service.map(|service| -> Box<dyn Transfers> { Box::new(service) }))
}

/// One attempt. What an earlier one did is looked up first: only when the service knows of no payment is the equal order sent
/// again, and a refusal of it believed.
async fn attempt(app: &App, service: &Service, taken: &Taken) -> Result<(), Problem> {
    let since = app.clock.now() - taken.first_attempt_at;
    let service = match service {
        Ok(service) => service,
        // Whoever mends the key in time has the payout go on by itself.
        Err(message) => {
            let message = message.clone();
            return note(app, taken, next(Sent::Unknown { message }, taken.attempt, since)).await;
        }
    };
    let known = if taken.attempt > 1 {
        Some(service.look_up(&taken.order).await)
    } else {
        None
    };
    let sent = match known {
        None => service.send(&taken.order).await,
        Some(Sent::Later { .. }) if since < KEPT => service.send(&taken.order).await,
        Some(Sent::Refused { message, .. }) => Sent::Unknown { message },
        Some(known) => known,
    };
    note(app, taken, next(sent, taken.attempt, since)).await
}

/// Leaves a payout to a person, who finds out whether an earlier attempt has paid it.
async fn stop(app: &App, unreadable: Unreadable) -> Result<(), Problem> {
    let told = Told {
        payout: unreadable.payout,
        word: Word::Stopped,
        code: Some(unreadable.code.to_owned()),
        reason: Some(unreadable.reason),
        reference: None,
        amount: None,
    };
    let mut tx = app.db.begin().await?;
    apply(&mut tx, &Origin::default(), unreadable.vendor, &[told], None).await?;
    tx.commit().await
}

async fn note(app: &App, taken: &Taken, next: Next) -> Result<(), Problem> {
    let told = |word, code: Option<String>, reason: Option<String>, reference: Option<String>| Told {
        payout: taken.payout,
        word,
        code,
        reason,
        reference,
        amount: None,
    };
    let words = match next {
        Next::Again { after, message } => {
            let due = app.clock.now() + after;
            return Ok(queue::put_off(app.db.pool(), taken.payout, due, &message).await?);
        }
        Next::Sent { reference, settled } => {
            let sent = told(Word::Sent, None, None, Some(reference));
            let paid = settled.then(|| told(Word::Paid, None, None, None));
            [sent].into_iter().chain(paid).collect()
        }
        Next::Failed { code, message } => vec![told(Word::Failed, Some(code), Some(message), None)],
        Next::Stopped { message } => {
            let code = "outcome_unknown".to_owned();
            vec![told(Word::Stopped, Some(code), Some(message), None)]
        }
    };
    let mut tx = app.db.begin().await?;
    for word in words {
        apply(&mut tx, &Origin::default(), taken.vendor, &[word], None).await?;
    }
    tx.commit().await
}
