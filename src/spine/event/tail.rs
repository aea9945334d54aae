//! A node's own view of the log: everything from now on, for what lives in memory (sockets, caches).

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Position, Recorded, Wake, log::held_back, patience::Patience, read, start_of_feed};

/// Takes a node's events in order.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// The next events. Must not fail and must not wait on clients.
    async fn take(&self, events: &[Recorded]);
}

const BATCH: i64 = 500;
/// Above every number of an event, and an integer that clients which know floating point only can read (2^53 - 1).
const AFTER_ALL: i64 = 9_007_199_254_740_991;

/// Reads the log from `from` on and hands every event to `sink`, until `stop`. Wakes on `wake` and looks every
/// `poll` besides; while the database is away it keeps trying, and misses nothing.
pub async fn tail(
    pool: PgPool,
    wake: &Wake,
    poll: Duration,
    from: Position,
    sink: &dyn EventSink,
    stop: CancellationToken,
) {
    let mut signal = wake.listen();
    let mut position = from;
    let mut failing = false;
    let mut patience = Patience::new(poll);
    loop {
        let pause = match step(&pool, &mut position, sink).await {
            Ok(found) => {
                if failing {
                    failing = false;
                    tracing::info!("the event log can be read again");
                }
                match found {
                    Step::Moved => {
                        patience.end();
                        continue;
                    }
                    Step::Idle => patience.end(),
                    Step::Held => patience.grow(),
                }
            }
            Err(error) => {
                if !failing {
                    failing = true;
                    tracing::warn!(%error, "the event log can't be read; trying on");
                }
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

enum Step {
    Moved,
    Idle,
    Held,
}

async fn step(pool: &PgPool, position: &mut Position, sink: &dyn EventSink) -> Result<Step, sqlx::Error> {
    let events = read(pool, *position, BATCH).await?;
    if let Some(last) = events.last() {
        *position = last.position;
        sink.take(&events).await;
    }
    if usize::try_from(BATCH).is_ok_and(|batch| events.len() >= batch) {
        return Ok(Step::Moved);
    }
    Ok(if held_back(pool, *position).await? {
        Step::Held
    } else {
        Step::Idle
    })
}

impl Position {
    /// The place from which a reader that has no past begins: everything final by now lies before it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let bounds = start_of_feed(pool).await?;
        Ok(Self {
            tx: bounds.horizon_tx.saturating_sub(1),
            seq: AFTER_ALL,
        })
    }
}
