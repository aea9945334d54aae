//! The vendor's time to decide. It runs from a submission or an appeal, and stands still while the partner owes an
//! answer.

use async_trait::async_trait;
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc, Weekday};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    mail,
    timer::{self, Due, Next, Timer},
};

use super::letters::{self, DecisionOverdueLetter};
use super::notices::DealDecisionOverdue;
use super::policy::Terms;

#[cfg(test)]
mod tests;

const KIND: &str = "deal_decision";

/// When `hours` from `start` are over. Hours of Saturdays and Sundays (UTC) don't count when `business_days`.
fn due(start: DateTime<Utc>, hours: u16, business_days: bool) -> DateTime<Utc> {
    let mut left = TimeDelta::hours(i64::from(hours));
    if !business_days {
        return start + left;
    }
    let mut at = start;
    loop {
        let midnight = (at.date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
        if !matches!(at.weekday(), Weekday::Sat | Weekday::Sun) {
            if left <= midnight - at {
                return at + left;
            }
            left -= midnight - at;
        }
        at = midnight;
    }
}

/// When a submission of `now` has to be decided.
pub(super) fn due_at(now: DateTime<Utc>, terms: &Terms) -> DateTime<Utc> {
    due(now, terms.decision_hours, terms.business_days)
}

/// Starts the clocks of deals that were stored with these hours as part of `tx`.
pub(super) async fn start_all(tx: &mut Tx, deadlines: &[(DealId, DateTime<Utc>)]) -> Result<(), Problem> {
    timer::set_all(tx, KIND, deadlines).await
}

/// Starts the clock of a deal as part of `tx`.
pub(super) async fn start(tx: &mut Tx, deal: DealId, terms: &Terms) -> Result<(), Problem> {
    let at = due_at(tx.now(), terms);
    sqlx::query!(
        "UPDATE deal SET decision_due_at = $2, decision_paused_at = NULL, decision_overdue_at = NULL WHERE id = $1",
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    timer::set(tx, KIND, deal, at, &()).await
}

/// Lets the clock of a deal go on after the partner has answered: what was left when it stopped is left now.
pub(super) async fn resume(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    let now = tx.now();
    let at = sqlx::query_scalar!(
        r#"UPDATE deal SET decision_due_at = decision_due_at + ($2 - decision_paused_at), decision_paused_at = NULL
           WHERE id = $1 AND decision_paused_at IS NOT NULL AND decision_due_at IS NOT NULL
           RETURNING decision_due_at AS "at!""#,
        deal.uuid(),
        now,
    )
    .fetch_optional(&mut **tx)
    .await?;
    match at {
        Some(at) => timer::set(tx, KIND, deal, at, &()).await,
        None => Ok(()),
    }
}

/// Tells both sides that a decision is overdue, and the vendor's people who answer for it by mail.
#[derive(Debug)]
pub(super) struct DecisionTimer;

struct Clock {
    vendor_id: OrgId,
    partner_id: OrgId,
    customer_name: String,
    status: String,
    due_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
}

#[async_trait]
impl Timer for DecisionTimer {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, app: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let deal = DealId::from(due.subject);
        let clock = sqlx::query_as!(
            Clock,
            r#"SELECT vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId", customer_name, status,
                      decision_due_at AS due_at, decision_paused_at AS paused_at
               FROM deal WHERE id = $1 FOR NO KEY UPDATE"#,
            due.subject,
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(clock) = clock.filter(|clock| matches!(clock.status.as_str(), "submitted" | "appealed")) else {
            return Ok(Next::Done);
        };
        let (Some(due_at), None) = (clock.due_at, clock.paused_at) else {
            return Ok(Next::Done);
        };
        if due_at > tx.now() {
            return Ok(Next::At(due_at, serde_json::Value::Null));
        }
        escalate(app, tx, deal, &clock, due_at).await?;
        Ok(Next::Done)
    }
}

async fn escalate(app: &App, tx: &mut Tx, deal: DealId, clock: &Clock, due_at: DateTime<Utc>) -> Result<(), Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE deal SET decision_overdue_at = $2, version = version + 1, updated_at = $2 WHERE id = $1",
        deal.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    let overdue = DealDecisionOverdue {
        deal_id: deal,
        vendor_id: clock.vendor_id,
        partner_id: clock.partner_id,
        due_at,
    };
    let audiences = [clock.vendor_id.uuid(), clock.partner_id.uuid()];
    event::append(tx, &Origin::default(), deal, &audiences, &overdue).await?;
    let letter = DecisionOverdueLetter {
        customer: &clock.customer_name,
        due: &letters::moment(due_at),
        link: &letters::deal_page(app, deal),
    };
    for address in letters::responsible(tx, clock.vendor_id, clock.partner_id).await? {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}
