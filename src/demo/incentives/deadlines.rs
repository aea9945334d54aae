//! Deadlines of the past: what has rested becomes payable, periods are closed.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use guildhall_spine::{
    App,
    timer::{Due, Next, Timer},
};

use crate::demo::{DemoFault, teller::Teller};

/// What answers the deadlines that are rung here.
pub(super) struct Deadlines {
    timers: HashMap<&'static str, Arc<dyn Timer>>,
    kinds: Vec<String>,
}

impl Deadlines {
    pub(super) fn of_incentives() -> Self {
        let timers: HashMap<_, _> = guildhall_incentivize::timers()
            .into_iter()
            .map(|timer| (timer.kind(), timer))
            .collect();
        let kinds = timers.keys().map(|kind| (*kind).to_owned()).collect();
        Self { timers, kinds }
    }

    /// Carries out what is due until `until`, each at its time.
    pub(super) async fn ring_until(
        &self,
        teller: &mut Teller<'_>,
        app: &App,
        until: DateTime<Utc>,
    ) -> Result<(), DemoFault> {
        loop {
            let found = sqlx::query!(
                "SELECT kind, subject, at, data FROM timer WHERE kind = ANY ($1) AND due_at <= $2
                 ORDER BY due_at, kind, subject LIMIT 1",
                &self.kinds,
                until,
            )
            .fetch_optional(&mut **teller.tx)
            .await?;
            let Some(found) = found else { return Ok(()) };
            let Some(timer) = self.timers.get(found.kind.as_str()) else {
                return Ok(());
            };
            teller.at(found.at);
            let due = Due {
                subject: found.subject,
                at: found.at,
                data: found.data,
            };
            let next = match timer.ring(app, teller.tx, &due).await? {
                Next::At(at, data) => Some((at, data)),
                Next::Done => None,
            };
            let (at, data) = next.unzip();
            sqlx::query!(
                "WITH gone AS (DELETE FROM timer WHERE kind = $1 AND subject = $2 AND $3::timestamptz IS NULL)
                 UPDATE timer SET at = $3, due_at = $3, data = $4
                 WHERE kind = $1 AND subject = $2 AND $3::timestamptz IS NOT NULL",
                found.kind,
                found.subject,
                at,
                data,
            )
            .execute(&mut **teller.tx)
            .await?;
        }
    }
}
