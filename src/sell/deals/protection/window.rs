//! The two deadlines of a protected deal: the end of its window with the reminders before it, and idleness.

use async_trait::async_trait;
use chrono::{DateTime, Days, TimeDelta, Utc};
use guildhall_kernel::DealId;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    mail,
    timer::{Due, Next, Timer},
};
use serde_json::Value;

use super::expire;
use crate::deals::letters::{self, ProtectionEndingLetter};
use crate::deals::notices::DealProtectionEnding;
use crate::deals::rows::{self, Locked};
use crate::deals::state::DealStatus;
use crate::deals::wire::EndReason;

pub(super) const PROTECTION: &str = "deal_protection";
pub(super) const IDLE: &str = "deal_idle";
/// Days before the end at which the partner is reminded.
const REMINDERS: [i64; 3] = [14, 7, 1];

/// When to look next at a protection that ends at `until`.
pub(super) fn next_stop(now: DateTime<Utc>, until: DateTime<Utc>) -> DateTime<Utc> {
    let reminders = REMINDERS.into_iter().map(|days| until - TimeDelta::days(days));
    reminders.filter(|at| *at > now).min().unwrap_or(until)
}

/// The reminder that is due: one that was missed is not made up for once a later one is.
fn reminder(now: DateTime<Utc>, until: DateTime<Utc>) -> Option<i64> {
    REMINDERS
        .into_iter()
        .filter(|days| until - TimeDelta::days(*days) <= now)
        .min()
}

/// Reminds of the end of a protection, and ends it.
#[derive(Debug)]
pub(in crate::deals) struct ProtectionTimer;

/// Ends the protection of a deal that nobody works on.
#[derive(Debug)]
pub(in crate::deals) struct IdleTimer;

struct Window {
    customer_name: String,
    protected_until: Option<DateTime<Utc>>,
    progress_at: Option<DateTime<Utc>>,
}

/// The deal, locked, if it is approved.
async fn protected(tx: &mut Tx, deal: DealId) -> Result<Option<(Locked, Window)>, sqlx::Error> {
    let Some(locked) = rows::lock_any(tx, deal).await? else {
        return Ok(None);
    };
    if locked.status != DealStatus::Approved {
        return Ok(None);
    }
    let window = sqlx::query_as!(
        Window,
        "SELECT customer_name, protected_until, progress_at FROM deal WHERE id = $1",
        deal.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Some((locked, window)))
}

#[async_trait]
impl Timer for ProtectionTimer {
    fn kind(&self) -> &'static str {
        PROTECTION
    }

    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let Some((deal, window)) = protected(tx, DealId::from(due.subject)).await? else {
            return Ok(Next::Done);
        };
        let Some(until) = window.protected_until else {
            return Ok(Next::Done);
        };
        let now = tx.now();
        if until <= now {
            expire(tx, &deal, EndReason::Window).await?;
            return Ok(Next::Done);
        }
        if let Some(days_left) = reminder(now, until) {
            remind(app, tx, &deal, &window.customer_name, until, days_left).await?;
        }
        Ok(Next::At(next_stop(now, until), Value::Null))
    }
}

async fn remind(
    app: &App,
    tx: &mut Tx,
    deal: &Locked,
    customer: &str,
    until: DateTime<Utc>,
    days_left: i64,
) -> Result<(), Problem> {
    let ending = DealProtectionEnding {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        customer_name: customer.to_owned(),
        protected_until: until,
        days_left,
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    event::append(tx, &Origin::default(), deal.id, &audiences, &ending).await?;
    let letter = ProtectionEndingLetter {
        customer,
        vendor: &letters::company(tx, deal.vendor_id).await?,
        days: days_left,
        until: &letters::moment(until),
        link: &letters::deal_page(app, deal.id),
    };
    for address in letters::reps(tx, deal.id).await? {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}

#[async_trait]
impl Timer for IdleTimer {
    fn kind(&self) -> &'static str {
        IDLE
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let Some((deal, window)) = protected(tx, DealId::from(due.subject)).await? else {
            return Ok(Next::Done);
        };
        let (Some(progress_at), Some(days)) = (window.progress_at, due.data.as_u64()) else {
            return Ok(Next::Done);
        };
        let idle_at = progress_at + Days::new(days);
        if idle_at > tx.now() {
            return Ok(Next::At(idle_at, due.data.clone()));
        }
        expire(tx, &deal, EndReason::Idle).await?;
        Ok(Next::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(number * 86_400, 0).unwrap()
    }

    #[test]
    fn reminders_come_fourteen_seven_and_one_day_before_the_end() {
        let until = day(100);
        let mut now = day(10);
        let mut stops = Vec::new();
        while now < until {
            now = next_stop(now, until);
            stops.push((now, reminder(now, until).filter(|_| now < until)));
        }
        assert_eq!(
            stops,
            [
                (day(86), Some(14)),
                (day(93), Some(7)),
                (day(99), Some(1)),
                (day(100), None)
            ]
        );
    }

    #[test]
    fn a_short_window_has_the_reminders_that_fit_and_missed_ones_are_not_made_up_for() {
        assert_eq!(next_stop(day(95), day(100)), day(99));
        assert_eq!(reminder(day(94), day(100)), Some(7));
        assert_eq!(reminder(day(80), day(100)), None);
    }
}
