//! What happens by the clock: polls, and the look at the fields each hour.

use async_trait::async_trait;
use chrono::TimeDelta;
use guildhall_kernel::CrmConnectionId;
use guildhall_spine::{
    App,
    db::Tx,
    http::Problem,
    timer::{self, Due, Next, Timer},
};
use serde_json::Value;

use super::queue::{self, Work};

/// How often the fields are looked at.
const HOURLY: TimeDelta = TimeDelta::hours(1);
const POLL: &str = "crm_poll";
const DRIFT: &str = "crm_drift";

/// Asks a CRM for changes every so often.
#[derive(Clone, Copy, Debug, Default)]
pub struct PollTimer;

/// Asks a CRM for its fields each hour.
#[derive(Clone, Copy, Debug, Default)]
pub struct DriftTimer;

/// Starts the clock of a connection as part of `tx`.
pub(super) async fn start(tx: &mut Tx, id: CrmConnectionId, poll_seconds: i32) -> Result<(), Problem> {
    let now = tx.now();
    let next = now + TimeDelta::seconds(poll_seconds.into());
    timer::set(tx, POLL, id, next, &Value::Null).await?;
    timer::set(tx, DRIFT, id, now + HOURLY, &Value::Null).await
}

/// Stops it.
pub(super) async fn stop(tx: &mut Tx, id: CrmConnectionId) -> Result<(), Problem> {
    timer::clear(tx, POLL, id).await?;
    timer::clear(tx, DRIFT, id).await
}

async fn polls(tx: &mut Tx, id: CrmConnectionId) -> Result<Option<(bool, i32)>, Problem> {
    let row = sqlx::query!(
        "SELECT kind, enabled, poll_seconds FROM crm_connection WHERE id = $1",
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.enabled && row.kind != "webhook", row.poll_seconds)))
}

#[async_trait]
impl Timer for PollTimer {
    fn kind(&self) -> &'static str {
        POLL
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let id = CrmConnectionId::from(due.subject);
        let Some((active, seconds)) = polls(tx, id).await? else {
            return Ok(Next::Done);
        };
        if active {
            queue::ask(tx, id, Work::Poll, "").await?;
        }
        Ok(Next::At(tx.now() + TimeDelta::seconds(seconds.into()), Value::Null))
    }
}

#[async_trait]
impl Timer for DriftTimer {
    fn kind(&self) -> &'static str {
        DRIFT
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let id = CrmConnectionId::from(due.subject);
        let Some((active, _)) = polls(tx, id).await? else {
            return Ok(Next::Done);
        };
        if active {
            queue::ask(tx, id, Work::Drift, "").await?;
        }
        Ok(Next::At(tx.now() + HOURLY, Value::Null))
    }
}
