//! A node's own view of the log: everything from now on, for what lives in memory (sockets, caches).

use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use super::{Position, Recorded, Wake, read, start_of_feed};

/// Takes a node's events in order.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// The next events. Must not fail and must not wait on clients.
    async fn take(&self, events: &[Recorded]);
}

const BATCH: i64 = 500;

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
    loop {
        match read(&pool, position, BATCH).await {
            Ok(events) => {
                if failing {
                    failing = false;
                    tracing::info!("the event log can be read again");
                }
                if let Some(last) = events.last() {
                    position = last.position;
                    sink.take(&events).await;
                    continue;
                }
            }
            Err(error) => {
                if !failing {
                    failing = true;
                    tracing::warn!(%error, "the event log can't be read; trying on");
                }
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = signal.changed() => {}
            () = tokio::time::sleep(poll) => {}
        }
    }
}

impl Position {
    /// The place from which a reader that has no past begins: everything final by now lies before it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn now(pool: &PgPool) -> Result<Self, sqlx::Error> {
        let bounds = start_of_feed(pool).await?;
        Ok(Self { tx: bounds.horizon_tx.saturating_sub(1), seq: i64::MAX })
    }
}
