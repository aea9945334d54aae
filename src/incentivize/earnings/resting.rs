//! Earnings that have rested long enough.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    db::Tx,
    event::Origin,
    http::Problem,
    timer::{self, Due, Next, Timer},
};

use super::moves::{Move, shift};
use crate::ledger;

const KIND: &str = "earnings_rested";
/// First lines that are moved at once: nobody else posts for the vendor meanwhile.
const AT_ONCE: i64 = 1000;

/// Makes a vendor's approved earnings payable when their day has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct PayRested;

#[async_trait]
impl Timer for PayRested {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let vendor: OrgId = due.subject.into();
        ledger::lock(tx, &BTreeSet::from([vendor])).await?;
        promote(tx, vendor).await?;
        // A day that has passed rings again at once: more have rested than were moved.
        Ok(match next(tx, vendor).await? {
            Some(day) => Next::At(day.and_time(NaiveTime::MIN).and_utc(), serde_json::Value::Null),
            None => Next::Done,
        })
    }
}

/// Makes payable what was approved and has rested, the longest first and at most a thousand with what corrects them, as
/// part of `tx`, which holds the vendor's ledger.
///
/// # Errors
/// When the database fails.
pub async fn promote(tx: &mut Tx, vendor: OrgId) -> Result<(), Problem> {
    let today = tx.now().date_naive();
    let rested = sqlx::query_scalar!(
        r#"SELECT DISTINCT root_id AS "root_id!" FROM (
               SELECT root_id FROM earning WHERE vendor_id = $1 AND status = 'approved' AND rests_until <= $2
               ORDER BY rests_until LIMIT $3) rested"#,
        vendor.uuid(),
        today,
        AT_ONCE,
    )
    .fetch_all(&mut **tx)
    .await?;
    if rested.is_empty() {
        return Ok(());
    }
    shift(tx, &Origin::default(), vendor, &rested, &Move::Rested).await?;
    Ok(())
}

async fn next(tx: &mut Tx, vendor: OrgId) -> Result<Option<NaiveDate>, Problem> {
    let day = sqlx::query_scalar!(
        "SELECT min(rests_until) FROM earning WHERE vendor_id = $1 AND status = 'approved'",
        vendor.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(day)
}

/// Sets the deadline at which the vendor's next approved earning has rested.
///
/// # Errors
/// When the database fails.
pub(crate) async fn wake_at_next(tx: &mut Tx, vendor: OrgId) -> Result<(), Problem> {
    match next(tx, vendor).await? {
        Some(day) => timer::set(tx, KIND, vendor, day.and_time(NaiveTime::MIN).and_utc(), &()).await,
        None => Ok(()),
    }
}
