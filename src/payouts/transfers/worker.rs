//! Sends what is due, on every node.

use std::{collections::HashMap, time::Duration};

use async_trait::async_trait;
use futures_util::StreamExt;
use guildhall_kernel::OrgId;
use guildhall_payments::{Sent, Transfers, provider::stripe};
use guildhall_spine::{App, event::Origin, http::Problem, work::Worker};
use tokio_util::sync::CancellationToken;

use super::outcome::{KEPT, Next, next};
use super::queue::{self, Taken};
use crate::payouts::{
    apply::{Told, apply},
    rules::Word,
};
use crate::settings::stripe_keys;

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
    let taken = queue::take(app, app.clock.now(), most).await?;
    let mut services: HashMap<OrgId, Box<dyn Transfers>> = HashMap::new();
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
    let (count, services) = (taken.len(), &services);
    futures_util::stream::iter(taken)
        .for_each_concurrent(ABREAST, |one| async move {
            let Some(service) = services.get(&one.vendor) else {
                return;
            };
            if let Err(problem) = attempt(app, &**service, &one).await {
                // Its lease is the pause before the next attempt.
                tracing::warn!(%problem, payout = %one.payout, "what became of a payout could not be noted");
            }
        })
        .await;
    Ok(count)
}

async fn service(app: &App, vendor: OrgId) -> Result<Box<dyn Transfers>, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let keys = stripe_keys(app, &mut conn, vendor).await?;
    let settings = stripe::Settings {
        base: keys.url,
        secret: keys.secret_key.unwrap_or_default(),
        timeout: PATIENCE,
    };
    let service = stripe::Stripe::new(reqwest::Client::builder(), settings).map_err(Problem::internal)?;
    Ok(Box::new(service))
}

/// One attempt. What an earlier one did is looked up first: only when the service knows of no payment is the equal order sent
/// again, and a refusal of it believed.
async fn attempt(app: &App, service: &dyn Transfers, taken: &Taken) -> Result<(), Problem> {
    let since = app.clock.now() - taken.first_attempt_at;
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
