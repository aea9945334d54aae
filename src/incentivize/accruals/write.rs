//! Writing what was settled: lines, ledger entries, totals and events, each with one statement.

use std::collections::{BTreeSet, HashMap};

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Currency, DealId, EarningId, OrgId, SaleId, UserId};
use guildhall_plans::{Payee, Period};
use guildhall_spine::{
    db::Tx,
    event::{Batched, Origin, append_all},
    http::Problem,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::book::Version;
use super::facts::SaleFacts;
use super::fold::{Line, State, Why};
use super::settle::{Unvalued, Work};
use super::state::user_of;
use crate::earnings::{
    Cause, Kind, Status,
    events::{EarningAccrued, EarningNow, RewardAccrued},
    wake_at_next,
};
use crate::ledger::{self, Account, AccountKind, Entry};
use crate::sales::rows::in_currency;

/// A line that is posted.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) id: EarningId,
    pub(crate) vendor: OrgId,
    pub(crate) payee: Payee,
    pub(crate) kind: Kind,
    pub(crate) cause: Cause,
    pub(crate) root: EarningId,
    pub(crate) version: Option<Uuid>,
    pub(crate) sale: Option<SaleId>,
    pub(crate) deal: Option<DealId>,
    pub(crate) source: Uuid,
    pub(crate) plan: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) amount: Decimal,
    pub(crate) status: Status,
    /// Whether it needs nobody's approval.
    pub(crate) auto_approve: bool,
    pub(crate) earned_on: NaiveDate,
    pub(crate) rests_until: NaiveDate,
    pub(crate) explanation: Value,
}

impl Posted {
    /// The line that a sale brings under a version. It becomes the root of what corrects it later.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a line is made of; each is used once, here"
    )]
    pub(super) fn new(
        tx: &Tx,
        version: &Version,
        sale: &SaleFacts,
        work: &Work,
        rate: Decimal,
        on: NaiveDate,
        line: Line,
        state: &mut State,
    ) -> Self {
        let id: EarningId = tx.new_id();
        let root = line.root.unwrap_or(id);
        if let Some(accrual) = state.accruals.get_mut(&(version.id, sale.id, line.payee)) {
            accrual.root = accrual.root.or(Some(root));
        }
        let period = version.plan.period(on);
        if let Some(progress) = state.progress.get_mut(&(version.id, period.start, line.payee)) {
            progress.root = progress.root.or(Some(root));
        }
        let first = if version.kind() == Kind::Rebate {
            version.last_day_of(period)
        } else {
            on
        };
        let rests = if version.kind() == Kind::Rebate {
            version.plan.calculation_day().max(version.plan.grace_days())
        } else {
            version.plan.hold_days()
        };
        Self {
            id,
            vendor: version.vendor,
            payee: line.payee,
            kind: version.kind(),
            cause: work.cause,
            root,
            version: Some(version.id.uuid()),
            sale: Some(sale.id),
            deal: sale.deal,
            source: work.source,
            plan: Some(version.name.clone()),
            currency: line.currency,
            amount: line.amount,
            status: Status::Accrued,
            auto_approve: version.auto_approve,
            earned_on: on,
            rests_until: rested(first, rests),
            explanation: explanation(version, sale, rate, &line),
        }
    }

    fn now(&self) -> EarningNow {
        EarningNow {
            earning_id: self.id,
            vendor_id: self.vendor,
            partner_id: self.payee.partner.into(),
            kind: self.kind,
            cause: self.cause,
            status: self.status,
            amount: in_currency(self.amount, self.currency),
            currency: self.currency.code().to_owned(),
            plan: self.plan.clone(),
            sale_id: self.sale,
            deal_id: self.deal,
            earned_on: self.earned_on,
            version: 1,
        }
    }

    fn account(&self) -> Account {
        Account::of(
            self.status.account(),
            self.payee.partner.into(),
            self.payee.user.map(UserId::from),
        )
    }

    /// What the amount is posted against: what is taken back, and what of that comes again, stands for itself.
    fn contra(&self) -> Account {
        match self.cause {
            Cause::Reversal => Account::of(
                AccountKind::ClawedBack,
                self.payee.partner.into(),
                self.payee.user.map(UserId::from),
            ),
            _ => Account::own(AccountKind::Expense),
        }
    }

    fn entry(&self) -> Entry {
        Entry {
            vendor: self.vendor,
            currency: self.currency,
            cause: self.cause.as_str(),
            subject: self.id.uuid(),
            key: format!("earning:{}", self.id),
            details: json!({"source_id": self.source, "version_id": self.version, "sale_id": self.sale}),
            postings: ledger::moving(self.contra(), self.account(), self.amount, Some(self.id)).to_vec(),
        }
    }
}

/// The day so many days later; at most the last one of the year 9999, after which dates have no common form.
pub(crate) fn rested(from: NaiveDate, days: u32) -> NaiveDate {
    let last = Period::always().end;
    from.checked_add_days(Days::new(days.into())).unwrap_or(last).min(last)
}

fn explanation(version: &Version, sale: &SaleFacts, rate: Decimal, line: &Line) -> Value {
    let Why {
        contribution,
        period,
        beyond_budget,
        too_late,
    } = &line.why;
    let mut told = json!({
        "plan": {"id": version.plan_id, "name": version.name, "version_id": version.id, "version": version.no},
        "sale": {"id": sale.id, "reference": sale.reference, "on": sale.sold_on, "currency": sale.currency().code()},
        "rate": rate.normalize().to_string(),
        "before": line.before.to_string(),
        "after": (line.before + line.amount).to_string(),
    });
    let mut tell = |name: &str, value: Value| {
        if let Some(members) = told.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    if let Some(contribution) = contribution {
        tell("contribution", serde_json::to_value(contribution).unwrap_or_default());
    }
    if let Some((period, totals, earned)) = period {
        tell(
            "period",
            json!({"from": period.start, "to": period.end, "revenue": totals.basis.to_string(),
            "units": totals.units.to_string(), "sales": totals.sales.to_string(), "direct": totals.direct.to_string(),
            "baseline": totals.baseline.map(|baseline| baseline.to_string()),
            "earned": serde_json::to_value(earned).unwrap_or_default()}),
        );
    }
    if let Some(amount) = beyond_budget {
        tell("beyond_budget", Value::String(amount.to_string()));
    }
    if *too_late {
        tell("too_late", Value::Bool(true));
    }
    told
}

/// Writes everything that has changed, as part of `tx`, which holds the ledger of the vendors.
pub(super) async fn write(tx: &mut Tx, state: &State, posted: &mut [Posted]) -> Result<(), Problem> {
    post(tx, posted).await?;
    write_accruals(tx, state).await?;
    write_progress(tx, state).await?;
    write_uses(tx, state).await
}

/// Posts lines: rows, ledger entries and events. Where a line corrects another, it goes where that one is; what corrects
/// a line that is in a payout already waits for the next.
pub(crate) async fn post(tx: &mut Tx, posted: &mut [Posted]) -> Result<(), Problem> {
    if posted.is_empty() {
        return Ok(());
    }
    place(tx, posted).await?;
    insert(tx, posted).await?;
    let entries: Vec<Entry> = posted.iter().map(Posted::entry).collect();
    ledger::post(tx, &entries).await?;
    let resting = posted
        .iter()
        .filter(|one| one.status == Status::Approved)
        .map(|one| one.vendor);
    for vendor in resting.collect::<BTreeSet<_>>() {
        wake_at_next(tx, vendor).await?;
    }
    announce(tx, posted).await
}

async fn place(tx: &mut Tx, posted: &mut [Posted]) -> Result<(), Problem> {
    let roots: Vec<Uuid> = posted
        .iter()
        .filter(|one| one.root != one.id)
        .map(|one| one.root.uuid())
        .collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id: EarningId", status AS "status: Status" FROM earning WHERE id = ANY($1)"#,
        &roots
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut standing: HashMap<EarningId, Status> = rows.into_iter().map(|row| (row.id, row.status)).collect();
    let today = tx.now().date_naive();
    for one in posted {
        one.status = match standing.get(&one.root) {
            Some(Status::InPayout | Status::Paid) => Status::Payable,
            Some(status) => *status,
            None if one.auto_approve && one.rests_until <= today => Status::Payable,
            None if one.auto_approve => Status::Approved,
            None => Status::Accrued,
        };
        standing.entry(one.root).or_insert(one.status);
    }
    Ok(())
}

async fn insert(tx: &mut Tx, posted: &[Posted]) -> Result<(), Problem> {
    let at = tx.now();
    let rows: Vec<Value> = posted
        .iter()
        .map(|one| {
            json!({
                "id": one.id.uuid(), "vendor_id": one.vendor.uuid(), "partner_id": one.payee.partner,
                "user_id": one.payee.user, "kind": one.kind.as_str(), "cause": one.cause.as_str(),
                "root_id": one.root.uuid(), "version_id": one.version, "sale_id": one.sale.map(SaleId::uuid),
                "source_id": one.source, "currency": one.currency.code(), "amount": one.amount.to_string(),
                "status": one.status.as_str(), "earned_on": one.earned_on, "rests_until": one.rests_until,
                "explanation": one.explanation,
            })
        })
        .collect();
    sqlx::query!(
        "INSERT INTO earning (id, vendor_id, partner_id, user_id, kind, cause, root_id, version_id, sale_id, source_id,
                currency, amount, status, held_from, held_because, earned_on, rests_until, explanation, approved_at,
                created_at, updated_at)
         SELECT e.id, e.vendor_id, e.partner_id, e.user_id, e.kind, e.cause, e.root_id, e.version_id, e.sale_id,
                e.source_id, e.currency, e.amount, e.status, r.held_from, r.held_because, e.earned_on, e.rests_until,
                e.explanation, CASE WHEN e.status IN ('approved', 'payable') THEN $1::timestamptz END, $1, $1
         FROM jsonb_to_recordset($2) AS e (id uuid, vendor_id uuid, partner_id uuid, user_id uuid, kind text, cause text,
                root_id uuid, version_id uuid, sale_id uuid, source_id uuid, currency text, amount numeric, status text,
                earned_on date, rests_until date, explanation jsonb)
         LEFT JOIN earning r ON r.id = e.root_id",
        at,
        Value::Array(rows),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn announce(tx: &mut Tx, posted: &[Posted]) -> Result<(), Problem> {
    let origin = Origin::default();
    let accrued: Vec<_> = posted
        .iter()
        .map(|one| Batched {
            subject: one.id.into(),
            audiences: vec![one.vendor.uuid(), one.payee.partner],
            event: EarningAccrued(one.now()),
        })
        .collect();
    append_all(tx, &origin, &accrued).await?;
    let rewards: Vec<_> = posted
        .iter()
        .filter_map(|one| {
            Some(Batched {
                subject: one.id.into(),
                audiences: vec![one.payee.user?],
                event: RewardAccrued(one.now()),
            })
        })
        .collect();
    if rewards.is_empty() {
        return Ok(());
    }
    append_all(tx, &origin, &rewards).await
}

async fn write_accruals(tx: &mut Tx, state: &State) -> Result<(), Problem> {
    let rows: Vec<Value> = state
        .touched
        .accruals
        .iter()
        .filter_map(|key| {
            let accrual = state.accruals.get(key)?;
            let (version, sale, payee) = key;
            Some(json!({
                "version_id": version.uuid(), "sale_id": sale.uuid(), "partner_id": payee.partner,
                "user_id": user_of(payee), "direct": accrual.direct.to_string(), "basis": accrual.basis.to_string(),
                "units": accrual.units.to_string(), "sales": accrual.sales.to_string(),
                "earned": accrual.earned.to_string(), "earning_id": accrual.root.map(EarningId::uuid),
            }))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO accrual (version_id, sale_id, partner_id, user_id, direct, basis, units, sales, earned, earning_id)
         SELECT a.version_id, a.sale_id, a.partner_id, a.user_id, a.direct, a.basis, a.units, a.sales, a.earned,
                a.earning_id
         FROM jsonb_to_recordset($1) AS a (version_id uuid, sale_id uuid, partner_id uuid, user_id uuid, direct numeric,
                basis numeric, units numeric, sales numeric, earned numeric, earning_id uuid)
         ON CONFLICT (sale_id, version_id, partner_id, user_id) DO UPDATE
         SET direct = excluded.direct, basis = excluded.basis, units = excluded.units, sales = excluded.sales,
             earned = excluded.earned, earning_id = excluded.earning_id",
        Value::Array(rows),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_progress(tx: &mut Tx, state: &State) -> Result<(), Problem> {
    let rows: Vec<Value> = state
        .touched
        .progress
        .iter()
        .filter_map(|key| {
            let progress = state.progress.get(key)?;
            let (version, start, payee) = key;
            let totals = &progress.totals;
            Some(json!({
                "version_id": version.uuid(), "starts_on": start, "ends_on": progress.period.end,
                "partner_id": payee.partner, "user_id": user_of(payee), "currency": progress.currency.code(),
                "direct": totals.direct.to_string(), "basis": totals.basis.to_string(),
                "units": totals.units.to_string(), "sales": totals.sales.to_string(),
                "baseline": totals.baseline.map(|baseline| baseline.to_string()),
                "earned": progress.earned.to_string(), "earning_id": progress.root.map(EarningId::uuid),
            }))
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO plan_progress (version_id, starts_on, partner_id, user_id, vendor_id, ends_on, currency, direct, basis,
                units, sales, baseline, earned, earning_id)
         SELECT p.version_id, p.starts_on, p.partner_id, p.user_id, v.vendor_id, p.ends_on, p.currency, p.direct, p.basis,
                p.units, p.sales, p.baseline, p.earned, p.earning_id
         FROM jsonb_to_recordset($1) AS p (version_id uuid, starts_on date, ends_on date, partner_id uuid, user_id uuid,
                currency text, direct numeric, basis numeric, units numeric, sales numeric, baseline numeric,
                earned numeric, earning_id uuid)
         JOIN incentive_plan_version v ON v.id = p.version_id
         ON CONFLICT (version_id, starts_on, partner_id, user_id) DO UPDATE
         SET direct = excluded.direct, basis = excluded.basis, units = excluded.units, sales = excluded.sales,
             baseline = excluded.baseline, earned = excluded.earned, earning_id = excluded.earning_id",
        Value::Array(rows),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn write_uses(tx: &mut Tx, state: &State) -> Result<(), Problem> {
    for plan in &state.touched.uses {
        let Some(used) = state.uses.get(plan) else {
            continue;
        };
        sqlx::query!(
            "INSERT INTO plan_use (plan_id, spent, sales) VALUES ($1, $2, $3)
             ON CONFLICT (plan_id) DO UPDATE SET spent = excluded.spent, sales = excluded.sales",
            plan.uuid(),
            used.spent,
            i32::try_from(used.sales).unwrap_or(i32::MAX),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Notes which sales couldn't be valued, in place of what was noted before.
pub(super) async fn set_aside(tx: &mut Tx, sales: &[SaleFacts], unvalued: &[Unvalued]) -> Result<(), Problem> {
    let at = tx.now();
    let ids: Vec<Uuid> = sales.iter().map(|sale| sale.id.uuid()).collect();
    sqlx::query!("DELETE FROM accrual_fault WHERE sale_id = ANY($1)", &ids)
        .execute(&mut **tx)
        .await?;
    for one in unvalued {
        sqlx::query!(
            "INSERT INTO accrual_fault (sale_id, version_id, vendor_id, code, detail, at) VALUES ($1, $2, $3, $4, $5, $6)",
            one.sale.uuid(),
            one.version.uuid(),
            one.vendor.uuid(),
            one.code,
            one.detail,
            at,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
