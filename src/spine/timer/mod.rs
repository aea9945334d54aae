//! Deadlines: what has to happen at a time, kept in the database and carried out exactly once as far as the database
//! goes. A reminder, an expiry, an offer that runs out: each is one row by kind and subject.

mod run;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_kernel::{Entity, Id};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

pub use run::run_timers;

use crate::{
    App,
    db::{Db, Tx},
    http::Problem,
};

/// What answers one kind of deadline.
#[async_trait]
pub trait Timer: Send + Sync {
    /// The kind, unique among all timers: `deal_expiry`.
    fn kind(&self) -> &'static str;

    /// Carries out what was due, as part of `tx`. Whoever reads the subject locks it: it may have changed since the
    /// deadline was set. Its own deadline is moved by what it returns, never with [`set`].
    ///
    /// # Errors
    /// What went wrong. The transaction rolls back and the deadline comes again after a pause, as often as it takes.
    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem>;
}

/// A deadline that has come.
#[derive(Clone, Debug)]
pub struct Due {
    /// What it is about.
    pub subject: Uuid,
    /// The time that was asked for.
    pub at: DateTime<Utc>,
    /// What was noted with it.
    pub data: Value,
}

/// What becomes of a deadline that was carried out.
#[derive(Clone, Debug)]
pub enum Next {
    /// Nothing more.
    Done,
    /// It comes again.
    At(DateTime<Utc>, Value),
}

/// Sets the deadline of `kind` for `subject` as part of `tx`, in place of an earlier one.
///
/// # Errors
/// When the database fails or `data` can't be written as JSON.
pub async fn set<E: Entity>(
    tx: &mut Tx,
    kind: &'static str,
    subject: Id<E>,
    at: DateTime<Utc>,
    data: &(impl Serialize + Sync),
) -> Result<(), Problem> {
    let data = serde_json::to_value(data).map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO timer (kind, subject, at, due_at, data) VALUES ($1, $2, $3, $3, $4)
         ON CONFLICT (kind, subject) DO UPDATE
         SET at = excluded.at, due_at = excluded.at, data = excluded.data, failures = 0, last_error = NULL",
        kind,
        subject.uuid(),
        at,
        data,
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(())
}

/// Deadlines of one kind that couldn't be carried out so far.
#[derive(Clone, Debug)]
pub struct Stuck {
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: i64,
    /// What went wrong with one of them.
    pub error: String,
}

/// The kinds of which a deadline has failed and is still tried.
///
/// # Errors
/// When the database fails.
pub async fn stuck(db: &Db) -> Result<Vec<Stuck>, sqlx::Error> {
    sqlx::query_as!(
        Stuck,
        r#"SELECT kind, count(*) AS "count!", coalesce(max(last_error), '') AS "error!"
           FROM timer WHERE failures > 0 GROUP BY kind ORDER BY kind"#,
    )
    .fetch_all(db.pool())
    .await
}

/// Sets the deadline of `kind` for many subjects as part of `tx`, in place of earlier ones, with nothing noted.
///
/// # Errors
/// When the database fails.
pub async fn set_all<E: Entity>(
    tx: &mut Tx,
    kind: &'static str,
    deadlines: &[(Id<E>, DateTime<Utc>)],
) -> Result<(), Problem> {
    let (subjects, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        deadlines.iter().map(|(subject, at)| (subject.uuid(), *at)).unzip();
    sqlx::query!(
        "INSERT INTO timer (kind, subject, at, due_at)
         SELECT $1, d.subject, d.at, d.at FROM unnest($2::uuid[], $3::timestamptz[]) d (subject, at) ORDER BY d.subject
         ON CONFLICT (kind, subject) DO UPDATE
         SET at = excluded.at, due_at = excluded.at, data = excluded.data, failures = 0, last_error = NULL",
        kind,
        &subjects,
        &times,
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(())
}

/// Sets the deadline of `kind` for many subjects like [`set_all`], with `data` noted for each.
///
/// # Errors
/// When `data` is no JSON, or the database fails.
pub async fn set_all_noting<E: Entity>(
    tx: &mut Tx,
    kind: &'static str,
    deadlines: &[(Id<E>, DateTime<Utc>)],
    data: &(impl Serialize + Sync),
) -> Result<(), Problem> {
    let data = serde_json::to_value(data).map_err(Problem::internal)?;
    let (subjects, times): (Vec<Uuid>, Vec<DateTime<Utc>>) =
        deadlines.iter().map(|(subject, at)| (subject.uuid(), *at)).unzip();
    sqlx::query!(
        "INSERT INTO timer (kind, subject, at, due_at, data)
         SELECT $1, d.subject, d.at, d.at, $4
         FROM unnest($2::uuid[], $3::timestamptz[]) d (subject, at) ORDER BY d.subject
         ON CONFLICT (kind, subject) DO UPDATE
         SET at = excluded.at, due_at = excluded.at, data = excluded.data, failures = 0, last_error = NULL",
        kind,
        &subjects,
        &times,
        data,
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(())
}

/// Drops the deadline of `kind` for `subject`, if there is one.
///
/// # Errors
/// When the database fails.
pub async fn clear<E: Entity>(tx: &mut Tx, kind: &'static str, subject: Id<E>) -> Result<(), Problem> {
    sqlx::query!(
        "DELETE FROM timer WHERE kind = $1 AND subject = $2",
        kind,
        subject.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
