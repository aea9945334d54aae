//! What is forgotten after a time.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_spine::{App, http::Problem};

/// How long the log of an endpoint reaches back.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Rows that go in one statement.
const BATCH: i64 = 2000;

/// Does what there is to do. Several nodes may at once.
///
/// # Errors
/// When the database fails; what was done stays done.
pub(super) async fn tidy(app: &App, now: DateTime<Utc>) -> Result<(), Problem> {
    while forget_old(app, now).await? + forget_deleted(app).await? > 0 {}
    sqlx::query!("DELETE FROM webhook_secret WHERE expires_at <= $1", now)
        .execute(app.db.pool())
        .await?;
    Ok(())
}

async fn forget_old(app: &App, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_message
         WHERE id IN (SELECT id FROM webhook_message WHERE created_at < $1 ORDER BY created_at LIMIT $2
                      FOR UPDATE SKIP LOCKED)",
        now - KEPT,
        BATCH
    )
    .execute(app.db.pool())
    .await?;
    Ok(gone.rows_affected())
}

async fn forget_deleted(app: &App) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM webhook_message
         WHERE id IN (SELECT m.id FROM webhook_endpoint e JOIN webhook_message m ON m.endpoint_id = e.id
                      WHERE e.deleted_at IS NOT NULL LIMIT $1 FOR UPDATE OF m SKIP LOCKED)",
        BATCH
    )
    .execute(app.db.pool())
    .await?;
    sqlx::query!(
        "DELETE FROM webhook_endpoint e
         WHERE e.deleted_at IS NOT NULL AND NOT EXISTS (SELECT FROM webhook_message m WHERE m.endpoint_id = e.id)"
    )
    .execute(app.db.pool())
    .await?;
    Ok(gone.rows_affected())
}
