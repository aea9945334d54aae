//! The queue: rows of `crm_work`. No lock is held while a CRM is called.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{CrmConnectionId, entity};
use guildhall_spine::{
    db::{Db, Tx},
    http::Problem,
};
use uuid::Uuid;

/// Longer than all calls for one piece of work take.
const LEASE: TimeDelta = TimeDelta::minutes(3);
/// Tries before what doesn't pass is put aside: the last comes some two hours after the first.
pub(super) const TRIES: i32 = 16;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// Bring a deal and its record together, because the deal has changed.
    Sync,
    /// The same, because the record has.
    Pull,
    /// Ask for records that have changed.
    Poll,
    /// Ask for the fields.
    Drift,
    /// Compare everything.
    Reconcile,
}

impl Work {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Pull => "pull",
            Self::Poll => "poll",
            Self::Drift => "drift",
            Self::Reconcile => "reconcile",
        }
    }

    fn parse(name: &str) -> Self {
        match name {
            "pull" => Self::Pull,
            "poll" => Self::Poll,
            "drift" => Self::Drift,
            "reconcile" => Self::Reconcile,
            _ => Self::Sync,
        }
    }
}

/// Work that this node has taken.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) id: Uuid,
    pub(super) connection: CrmConnectionId,
    pub(super) work: Work,
    pub(super) subject: String,
    pub(super) generation: i64,
    pub(super) attempts: i32,
}

impl Taken {
    /// Names the effect, the same for each try of it.
    pub(super) fn once(&self) -> String {
        format!("{}_{}", self.id.simple(), self.generation)
    }
}

/// Asks for work as part of `tx`. What was asked for already and is under way is done again afterwards.
pub(super) async fn ask(tx: &mut Tx, connection: CrmConnectionId, work: Work, subject: &str) -> Result<(), Problem> {
    let (id, now) = (tx.new_id::<entity::CrmSync>(), tx.now());
    sqlx::query!(
        "INSERT INTO crm_work (id, connection_id, kind, subject, due_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (connection_id, kind, subject) DO UPDATE
         SET generation = crm_work.generation + 1, dead_at = NULL,
             attempts = CASE WHEN crm_work.dead_at IS NULL THEN crm_work.attempts ELSE 0 END,
             due_at = CASE WHEN crm_work.dead_at IS NULL THEN crm_work.due_at ELSE excluded.due_at END",
        id.uuid(),
        connection.uuid(),
        work.as_str(),
        subject,
        now,
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(())
}

/// Takes up to `most` pieces that are due at `now`. Writes of a paused connection rest.
pub(super) async fn take(db: &Db, now: DateTime<Utc>, most: i64) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"UPDATE crm_work SET attempts = attempts + 1, leased_until = $2
           WHERE id IN (SELECT w.id FROM crm_work w JOIN crm_connection c ON c.id = w.connection_id
                        WHERE w.dead_at IS NULL AND w.due_at <= $1 AND (w.leased_until IS NULL OR w.leased_until <= $1)
                          AND c.enabled AND (c.blocked_until IS NULL OR c.blocked_until <= $1)
                          AND (w.kind <> 'sync' OR c.paused_at IS NULL)
                        ORDER BY w.due_at, w.id LIMIT $3 FOR UPDATE OF w SKIP LOCKED)
           RETURNING id, connection_id, kind, subject, generation, attempts"#,
        now,
        now + LEASE,
        most
    )
    .fetch_all(db.pool())
    .await?;
    let taken = |row| {
        let sqlx_row: (Uuid, Uuid, String, String, i64, i32) = row;
        Taken {
            id: sqlx_row.0,
            connection: sqlx_row.1.into(),
            work: Work::parse(&sqlx_row.2),
            subject: sqlx_row.3,
            generation: sqlx_row.4,
            attempts: sqlx_row.5,
        }
    };
    Ok(rows
        .into_iter()
        .map(|row| {
            taken((
                row.id,
                row.connection_id,
                row.kind,
                row.subject,
                row.generation,
                row.attempts,
            ))
        })
        .collect())
}

/// It is done; what was asked for meanwhile comes next.
pub(super) async fn done(db: &Db, now: DateTime<Utc>, taken: &Taken) -> Result<(), sqlx::Error> {
    let gone = sqlx::query!(
        "DELETE FROM crm_work WHERE id = $1 AND generation = $2",
        taken.id,
        taken.generation
    )
    .execute(db.pool())
    .await?;
    if gone.rows_affected() == 0 {
        sqlx::query!(
            "UPDATE crm_work SET leased_until = NULL, attempts = 0, due_at = $2, last_error = NULL WHERE id = $1",
            taken.id,
            now
        )
        .execute(db.pool())
        .await?;
    }
    Ok(())
}

/// It is tried again at `at`; `counted` when that is one try of those that it has.
pub(super) async fn later(
    tx: &mut Tx,
    taken: &Taken,
    at: DateTime<Utc>,
    error: &str,
    counted: bool,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE crm_work SET leased_until = NULL, due_at = $2, last_error = $3,
                attempts = attempts - CASE WHEN $4 THEN 0 ELSE 1 END
         WHERE id = $1",
        taken.id,
        at,
        error,
        counted
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// It is put aside until somebody replays it, unless it was asked for anew.
pub(super) async fn bury(tx: &mut Tx, taken: &Taken, error: &str) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_work SET leased_until = NULL, last_error = $3, due_at = $4,
                dead_at = CASE WHEN generation = $2 THEN $4::timestamptz END, attempts = 0
         WHERE id = $1",
        taken.id,
        taken.generation,
        error,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// 1, 2, 4, … seconds, 15 minutes at most.
pub(super) fn pause(attempts: i32) -> TimeDelta {
    TimeDelta::seconds((1_i64 << attempts.clamp(1, 11).saturating_sub(1)).min(900))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_comes_some_two_hours_after_the_first() {
        let total: TimeDelta = (1..TRIES).map(pause).sum();
        assert!(
            (TimeDelta::minutes(90)..TimeDelta::minutes(150)).contains(&total),
            "{total}"
        );
    }
}
