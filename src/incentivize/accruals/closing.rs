//! What the end of a period brings: the prizes of a contest, and what a year brought more than its quarters.
//!
//! Like everything that is earned it is a difference: closing a period again after a late sale posts what has changed.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Currency, EarningId, Money};
use guildhall_plans::{Measure, Payee, Period, Totals};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::baseline;
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
    /// The first line of what is settled.
    root: Option<EarningId>,
}

/// What is due at the end of a period, and why.
struct Due {
    payee: Payee,
    currency: Currency,
    amount: Decimal,
    settled: Decimal,
    /// The line that the next one corrects.
    root: Option<EarningId>,
    why: Value,
}

/// Whether the end of a version's periods brings anything.
pub(crate) fn has_end(version: &Version) -> bool {
    version.plan.contest().is_some() || version.plan.has_true_up()
}

/// When the period that `day` is in can be closed: once nothing more is waited for.
pub(crate) fn closes_on(version: &Version, day: NaiveDate) -> NaiveDate {
    let end = version.last_day_of(version.plan.period(day));
    let days = version.plan.grace_days().max(version.plan.calculation_day()).max(1);
    end.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX)
}

/// Posts what the end of the period that `day` is in brings, as far as it isn't posted, as part of `tx`; returns how many
/// lines that were.
///
/// # Errors
/// When the database fails.
pub(crate) async fn close(tx: &mut Tx, version: &Arc<Version>, day: NaiveDate) -> Result<usize, Problem> {
    let period = version.plan.period(day);
    let year = version.plan.fiscal_year(day);
    // A version that ends within the year settles it on its last day.
    let settles_year =
        version.plan.has_true_up() && (year.end == period.end || version.to == Some(version.last_day_of(period)));
    if version.plan.contest().is_none() && !settles_year {
        return Ok(0);
    }
    let baselines = match version.plan.baseline_period(&year).filter(|_| settles_year) {
        // Before the lock: it goes through all sales of a year.
        Some(before) => Some(baseline::of_all(tx, version, before).await?),
        None => None,
    };
    ledger::lock(tx, &BTreeSet::from([version.vendor])).await?;
    let rows = read(tx, version, period, year).await?;
    let (cause, mut due) = match version.plan.contest() {
        Some(contest) => (Cause::Prize, prizes(version, contest.measure, period, &rows)),
        None => (Cause::TrueUp, true_ups(version, period, &rows, baselines.as_ref())),
    };
    let mut posted: Vec<Posted> = due
        .iter_mut()
        .filter(|one| one.amount != one.settled)
        .map(|one| {
            let line = line(tx, version, cause, period, one);
            one.root = Some(line.root);
            line
        })
        .collect();
    write::post(tx, &mut posted).await?;
    store(tx, version, period, &due).await?;
    Ok(posted.len())
}

async fn read(tx: &mut Tx, version: &Version, period: Period, year: Period) -> Result<Vec<Row>, Problem> {
    let from = period.start.min(year.start);
    let rows = sqlx::query!(
        r#"SELECT partner_id, user_id, starts_on, currency, direct, basis, units, sales, baseline, earned, settled,
                  settled_earning_id AS "root: EarningId"
           FROM plan_progress WHERE version_id = $1 AND starts_on BETWEEN $2 AND $3"#,
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
                root: row.root,
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
            root: row.root,
            why: json!({"total": total(row).normalize().to_string(),
                "place": ranking.iter().filter(|(_, other)| *other > total(row)).count() + 1}),
        })
        .collect()
}

/// A payee's fiscal year.
struct Year {
    totals: Totals,
    earned: Decimal,
    settled: Decimal,
    root: Option<EarningId>,
    currency: Currency,
}

/// `baselines`: what growth of the year is measured against. That is a whole year of its own, not the sum of its periods'
/// baselines: periods without sales have none.
fn true_ups(version: &Version, period: Period, rows: &[Row], baselines: Option<&HashMap<Payee, Decimal>>) -> Vec<Due> {
    let mut years: BTreeMap<Payee, Year> = BTreeMap::new();
    for row in rows {
        let baseline = baselines.map(|known| known.get(&row.payee).copied().unwrap_or_default());
        let year = years.entry(row.payee).or_insert_with(|| Year {
            totals: Totals {
                baseline,
                ..Totals::default()
            },
            earned: Decimal::ZERO,
            settled: Decimal::ZERO,
            root: None,
            currency: row.currency,
        });
        let totals = &mut year.totals;
        totals.direct += row.totals.direct;
        totals.basis += row.totals.basis;
        totals.units += row.totals.units;
        totals.sales += row.totals.sales;
        year.earned += row.earned;
        if row.starts_on == period.start {
            year.settled = row.settled;
            year.root = row.root;
        }
    }
    years
        .into_iter()
        .map(|(payee, year)| {
            let totals = year.totals;
            let due = Money::new(version.plan.true_up(&totals, year.earned), year.currency).rounded();
            Due {
                payee,
                currency: year.currency,
                amount: due.amount,
                settled: year.settled,
                root: year.root,
                why: json!({"year": {"revenue": totals.basis.normalize().to_string(),
                    "units": totals.units.normalize().to_string(), "sales": totals.sales.normalize().to_string(),
                    "baseline": totals.baseline.map(|baseline| baseline.normalize().to_string())},
                    "earned_in_periods": year.earned.normalize().to_string()}),
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
        root: due.root.unwrap_or(id),
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
    // The nil id stands for none.
    let roots: Vec<Uuid> = due
        .iter()
        .map(|one| one.root.map_or(Uuid::nil(), EarningId::uuid))
        .collect();
    sqlx::query!(
        "INSERT INTO plan_progress AS p (version_id, starts_on, partner_id, user_id, vendor_id, ends_on, currency, settled,
                settled_earning_id, closed_at)
         SELECT $1, $2, d.partner_id, d.user_id, $3, d.ends_on, d.currency, d.amount,
                nullif(d.root, '00000000-0000-0000-0000-000000000000'), $4
         FROM unnest($5::uuid[], $6::uuid[], $7::numeric[], $8::date[], $9::text[], $10::uuid[])
              d (partner_id, user_id, amount, ends_on, currency, root)
         ON CONFLICT (version_id, starts_on, partner_id, user_id) DO UPDATE
         SET settled = excluded.settled, settled_earning_id = excluded.settled_earning_id,
             closed_at = excluded.closed_at",
        version.id.uuid(),
        period.start,
        version.vendor.uuid(),
        at,
        &partners,
        &users,
        &amounts,
        &ends,
        &currencies,
        &roots,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
