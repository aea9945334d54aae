//! Waiting for what happens by itself, without guessing how long it takes.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

/// Longer than anything takes; reached only when something is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `look` until it has an answer. What is waited for is named in the failure.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::task::yield_now().await;
    }
}

/// Waits until the audit log has taken every event there is.
pub(crate) async fn audited(db: &mut PgConnection) {
    consumed(db, "audit").await;
}

/// Waits until this consumer has taken every event there is.
pub(crate) async fn consumed(db: &mut PgConnection, consumer: &str) {
    let caught_up = "SELECT coalesce((SELECT (c.tx, c.seq) >= (e.tx, e.seq)
                                      FROM event_consumer c, (SELECT tx, seq FROM event ORDER BY tx DESC, seq DESC LIMIT 1) e
                                      WHERE c.name = $1), NOT EXISTS (SELECT FROM event))";
    until("the consumer has taken every event", async || {
        let done: bool = sqlx::query_scalar(caught_up)
            .bind(consumer)
            .fetch_one(&mut *db)
            .await
            .unwrap();
        done.then_some(())
    })
    .await;
}
