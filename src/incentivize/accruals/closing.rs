//! What the end of a period brings: the prizes of a contest, and what a year brought more than its quarters.
//!
//! Like everything that is earned it is a difference: closing a period again after a late sale posts what has changed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Currency, EarningId};
use guildhall_plans::{Measure, Payee, Period, Totals};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::Version;
use super::state::{person, user_of};
use super::write::{self, Posted};
use crate::earnings::{Cause, Status};
use crate::ledger;

/// A payee's period as it is stored.
struct Row {
    payee: Payee,
    starts_on: NaiveDate,
    currency: Currency,
    totals: Totals,
    earned: Decimal,
    settled: Decimal,
}

/// What is due at the end of a period, and why.
struct Due {
    payee: Payee,
    currency: Currency,
    amount: Decimal,
    settled: Decimal,
    why: Value,
}

/// Whether the end of a version's periods brings anything.
pub(crate) fn has_end(version: &Version) -> bool {
    version.plan.contest().is_some() || version.plan.has_true_up()
}

/// When the period that `day` is in can be closed: once nothing more is waited for.
pub(crate) fn closes_on(version: &Version, day: NaiveDate) -> NaiveDate {
    let end = version
        .to
        .map_or(version.plan.period(day).end, |to| to.min(version.plan.period(day).end));
    let days = version.plan.grace_days().max(version.plan.calculation_day()).max(1);
    end.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

/// Posts what the end of the period that `day` is in brings, as far as it isn't posted, as part of `tx`; returns how many
/// lines that were.
///
/// # Errors
/// When the database fails.
pub(crate) async fn close(tx: &mut Tx, version: &Arc<Version>, day: NaiveDate) -> Result<usize, Problem> {
    ledger::lock(tx, &BTreeSet::from([version.vendor])).await?;
    let period = version.plan.period(day);
    let year = version.plan.fiscal_year(day);
    let rows = read(tx, version, period, year).await?;
    let (cause, due) = match version.plan.contest() {
        Some(contest) => (Cause::Prize, prizes(version, contest.measure, period, &rows)),
        None if version.plan.has_true_up() && year.end == period.end => {
            (Cause::TrueUp, true_ups(version, period, &rows))
        }
        None => return Ok(0),
    };
    let mut posted: Vec<Posted> = due
        .iter()
        .filter(|one| one.amount != one.settled)
        .map(|one| line(tx, version, cause, period, one))
        .collect();
    write::post(tx, &mut posted).await?;
    store(tx, version, period, &due).await?;
    Ok(posted.len())
}

async fn read(tx: &mut Tx, version: &Version, period: Period, year: Period) -> Result<Vec<Row>, Problem> {
    let from = period.start.min(year.start);
    let rows = sqlx::query!(
        "SELECT partner_id, user_id, starts_on, currency, direct, basis, units, sales, baseline, earned, settled
         FROM plan_progress WHERE version_id = $1 AND starts_on BETWEEN $2 AND $3",
        version.id.uuid(),
        from,
        period.start,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Row {
                payee: Payee {
                    partner: row.partner_id,
                    user: person(row.user_id),
                },
                starts_on: row.starts_on,
                currency: Currency::from_code(&row.currency)
                    .ok_or_else(|| Problem::internal("a currency is unknown"))?,
                totals: Totals {
                    direct: row.direct,
                    basis: row.basis,
                    units: row.units,
                    sales: row.sales,
                    baseline: row.baseline,
                },
                earned: row.earned,
                settled: row.settled,
            })
        })
        .collect()
}

fn prizes(version: &Version, measure: Measure, period: Period, rows: &[Row]) -> Vec<Due> {
    let inside: Vec<&Row> = rows.iter().filter(|row| row.starts_on == period.start).collect();
    let total = |row: &Row| match measure {
        Measure::Revenue => row.totals.basis,
        Measure::Units => row.totals.units,
        Measure::Sales => row.totals.sales,
    };
    let mut ranking: Vec<(Payee, Decimal)> = inside.iter().map(|row| (row.payee, total(row))).collect();
    ranking.retain(|(_, total)| *total > Decimal::ZERO);
    ranking.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    let prizes: HashMap<Payee, Decimal> = version.plan.prizes(&ranking).into_iter().collect();
    inside
        .into_iter()
        .map(|row| Due {
            payee: row.payee,
            currency: row.currency,
            amount: prizes.get(&row.payee).copied().unwrap_or_default(),
            settled: row.settled,
            why: json!({"total": total(row).normalize().to_string(),
                "place": ranking.iter().filter(|(_, other)| *other > total(row)).count() + 1}),
        })
        .collect()
}

fn true_ups(version: &Version, period: Period, rows: &[Row]) -> Vec<Due> {
    let mut years: BTreeMap<Payee, (Totals, Decimal, Decimal, Currency)> = BTreeMap::new();
    for row in rows {
        let zero = (Totals::default(), Decimal::ZERO, Decimal::ZERO, row.currency);
        let (totals, earned, settled, _) = years.entry(row.payee).or_insert(zero);
        totals.direct += row.totals.direct;
        totals.basis += row.totals.basis;
        totals.units += row.totals.units;
        totals.sales += row.totals.sales;
        totals.baseline = match (totals.baseline, row.totals.baseline) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        *earned += row.earned;
        if row.starts_on == period.start {
            *settled = row.settled;
        }
    }
    years
        .into_iter()
        .map(|(payee, (totals, earned, settled, currency))| {
            let due = guildhall_kernel::Money::new(version.plan.true_up(&totals, earned), currency)
                .rounded()
                .amount;
            Due {
                payee,
                currency,
                amount: due,
                settled,
                why: json!({"year": {"revenue": totals.basis.normalize().to_string(),
                    "units": totals.units.normalize().to_string(), "sales": totals.sales.normalize().to_string()},
                    "earned_in_periods": earned.normalize().to_string()}),
            }
        })
        .collect()
}

fn line(tx: &Tx, version: &Version, cause: Cause, period: Period, due: &Due) -> Posted {
    let id: EarningId = tx.new_id();
    let today = tx.now().date_naive();
    Posted {
        id,
        vendor: version.vendor,
        payee: due.payee,
        kind: version.kind(),
        cause,
        root: id,
        version: Some(version.id.uuid()),
        sale: None,
        deal: None,
        source: version.id.uuid(),
        plan: Some(version.name.clone()),
        currency: due.currency,
        amount: due.amount - due.settled,
        status: Status::Accrued,
        auto_approve: version.auto_approve,
        earned_on: period.end.min(today),
        rests_until: today,
        explanation: json!({
            "plan": {"id": version.plan_id, "name": version.name, "version_id": version.id, "version": version.no},
            "period": {"from": period.start, "to": period.end}, "because": due.why,
            "before": due.settled.to_string(), "after": due.amount.to_string()}),
    }
}

async fn store(tx: &mut Tx, version: &Version, period: Period, due: &[Due]) -> Result<(), Problem> {
    let at = tx.now();
    let partners: Vec<Uuid> = due.iter().map(|one| one.payee.partner).collect();
    let users: Vec<Uuid> = due.iter().map(|one| user_of(&one.payee)).collect();
    let amounts: Vec<Decimal> = due.iter().map(|one| one.amount).collect();
    let ends: Vec<NaiveDate> = due.iter().map(|_| period.end).collect();
    let currencies: Vec<String> = due.iter().map(|one| one.currency.code().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO plan_progress AS p (version_id, starts_on, partner_id, user_id, vendor_id, ends_on, currency, settled,
                closed_at)
         SELECT $1, $2, d.partner_id, d.user_id, $3, d.ends_on, d.currency, d.amount, $4
         FROM unnest($5::uuid[], $6::uuid[], $7::numeric[], $8::date[], $9::text[])
              d (partner_id, user_id, amount, ends_on, currency)
         ON CONFLICT (version_id, starts_on, partner_id, user_id) DO UPDATE
         SET settled = excluded.settled, closed_at = excluded.closed_at",
        version.id.uuid(),
        period.start,
        version.vendor.uuid(),
        at,
        &partners,
        &users,
        &amounts,
        &ends,
        &currencies,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
