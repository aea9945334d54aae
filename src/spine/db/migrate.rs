//! Schema migrations: forward only, frozen once landed.

use chrono::{DateTime, Utc};
use sqlx::{
    PgPool,
    migrate::{MigrateError, Migrator},
};

/// The migrations that this program was built with.
pub static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Brings the schema up to this program's version and the event log's upkeep up to date. An advisory lock makes
/// nodes that start together take turns; a changed migration that has already run is refused.
///
/// # Errors
/// [`MigrateError`], with everything of the failed migration rolled back.
pub async fn migrate(pool: &PgPool, now: DateTime<Utc>) -> Result<(), MigrateError> {
    MIGRATOR.run(pool).await?;
    sqlx::query!("SELECT event_log_ensure($1)", now).execute(pool).await?;
    sqlx::query!("SELECT event_log_rebase()").execute(pool).await?;
    Ok(())
}
