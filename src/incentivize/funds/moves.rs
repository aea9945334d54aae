//! Moving the money of a fund: each move is an entry of the ledger, refused when it would take an account below zero.

use std::collections::BTreeSet;

use guildhall_kernel::{Currency, EarningId, FundId, FundReservationId, Money, OrgId, entity};
use guildhall_plans::Payee;
use guildhall_spine::{
    db::Tx,
    event::{self, Event, Origin},
    http::{Problem, code},
};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::code::FUND_EXHAUSTED;
use super::events::{FundAllocated, FundMoved, FundReimbursed, FundReleased, FundReserved};
use super::rows::{self, Locked};
use crate::accruals::write::{self, Posted};
use crate::earnings::{Cause, Kind, Status};
use crate::ledger::{self, Account, AccountKind, Entry, moving};
use crate::sales::rows::in_currency;

/// What stands in the accounts of a fund, for one partner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Balances {
    /// What the fund hasn't given to any partner.
    pub(super) unallocated: Decimal,
    /// What the partner may ask for.
    pub(super) available: Decimal,
    /// What it is promised.
    pub(super) reserved: Decimal,
    /// What it was given back.
    pub(super) reimbursed: Decimal,
}

/// Money to be promised to a partner.
#[derive(Clone, Copy, Debug)]
pub struct Promise<'a> {
    /// Whose fund.
    pub vendor: OrgId,
    /// The fund.
    pub fund: FundId,
    /// To whom.
    pub partner: OrgId,
    /// How much, above 0, in whole minor units of the fund's currency.
    pub amount: Decimal,
    /// What for.
    pub purpose: &'a str,
}

/// Holds the vendor's ledger and the fund until `tx` ends.
///
/// # Errors
/// 404 when the vendor has no such fund.
pub(super) async fn hold(tx: &mut Tx, vendor: OrgId, fund: FundId) -> Result<Locked, Problem> {
    ledger::lock(tx, &BTreeSet::from([vendor])).await?;
    rows::lock(tx, vendor, fund).await
}

/// An account of a fund; the fund's own without a partner.
pub(super) const fn account(fund: FundId, kind: AccountKind, partner: Option<OrgId>) -> Account {
    Account {
        kind,
        partner,
        user: None,
        fund: Some(fund),
    }
}

/// What the ledger says of a fund that is held.
pub(super) async fn balances(tx: &mut Tx, fund: &Locked, partner: OrgId) -> Result<Balances, Problem> {
    let row = sqlx::query!(
        r#"SELECT coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_budget'), 0) AS "budget!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_available'), 0) AS "available!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reserved'), 0) AS "reserved!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reimbursed'), 0) AS "reimbursed!"
           FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
           WHERE a.vendor_id = $1 AND a.currency = $2 AND a.fund_id = $3 AND a.user_id IS NULL
             AND a.kind IN ('mdf_budget', 'mdf_available', 'mdf_reserved', 'mdf_reimbursed')
             AND (a.partner_id = $4 OR a.partner_id IS NULL)"#,
        fund.vendor.uuid(),
        fund.currency.code(),
        fund.id.uuid(),
        partner.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Balances {
        unallocated: fund.budget + row.budget,
        available: row.available,
        reserved: row.reserved,
        reimbursed: row.reimbursed,
    })
}

/// Lets a partner ask for `amount` more, or less when it is negative.
pub(super) async fn allocate(
    tx: &mut Tx,
    origin: &Origin,
    fund: &Locked,
    partner: OrgId,
    amount: Decimal,
) -> Result<(), Problem> {
    if fund.expired_at.is_some() {
        return Err(expired());
    }
    let standing = balances(tx, fund, partner).await?;
    if amount > standing.unallocated {
        return Err(exhausted(fund, "that no partner has", standing.unallocated));
    }
    if -amount > standing.available {
        return Err(exhausted(fund, "that the partner may ask for", standing.available));
    }
    let budget = account(fund.id, AccountKind::MdfBudget, None);
    let available = account(fund.id, AccountKind::MdfAvailable, Some(partner));
    let entry = entry(
        tx,
        fund,
        "mdf.allocation",
        fund.id.uuid(),
        json!({}),
        (budget, available, amount),
    );
    ledger::post(tx, &[entry]).await?;
    shift(tx, fund, [amount, Decimal::ZERO, Decimal::ZERO]).await?;
    tell(tx, origin, fund, partner, amount, About::default(), FundAllocated).await
}

/// Promises money to a partner that has as much to ask for, as part of `tx`.
///
/// # Errors
/// 404 when the vendor has no such fund, 409 `fund_exhausted` when the partner has less, 409 `illegal_move` after the
/// fund's period.
pub async fn reserve(tx: &mut Tx, origin: &Origin, promise: &Promise<'_>) -> Result<FundReservationId, Problem> {
    let fund = hold(tx, promise.vendor, promise.fund).await?;
    if fund.expired_at.is_some() {
        return Err(expired());
    }
    whole(promise.amount, fund.currency)?;
    let standing = balances(tx, &fund, promise.partner).await?;
    if promise.amount > standing.available {
        return Err(exhausted(&fund, "that the partner may ask for", standing.available));
    }
    let (id, at): (FundReservationId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO fund_reservation (id, fund_id, vendor_id, partner_id, purpose, amount, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        id.uuid(),
        fund.id.uuid(),
        fund.vendor.uuid(),
        promise.partner.uuid(),
        promise.purpose,
        promise.amount,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let available = account(fund.id, AccountKind::MdfAvailable, Some(promise.partner));
    let reserved = account(fund.id, AccountKind::MdfReserved, Some(promise.partner));
    let told = json!({"fund_id": fund.id, "purpose": promise.purpose});
    let entry = entry(
        tx,
        &fund,
        "mdf.reservation",
        id.uuid(),
        told,
        (available, reserved, promise.amount),
    );
    ledger::post(tx, &[entry]).await?;
    shift(tx, &fund, [Decimal::ZERO, promise.amount, Decimal::ZERO]).await?;
    let about = About::reservation(id);
    tell(tx, origin, &fund, promise.partner, promise.amount, about, FundReserved).await?;
    Ok(id)
}

/// Takes a promise back, all that is left of it when no amount is given: the partner may ask for the money again, or the
/// budget has it once the fund's period is over. Returns how much.
///
/// # Errors
/// 404 when the vendor has no such reservation, 409 `fund_exhausted` when less is left of it.
pub async fn release(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    id: FundReservationId,
    amount: Option<Decimal>,
) -> Result<Decimal, Problem> {
    let (fund, promised) = promised(tx, vendor, id).await?;
    let amount = amount.unwrap_or(promised.left);
    promised.suffices(tx, &fund, amount).await?;
    let reserved = account(fund.id, AccountKind::MdfReserved, Some(promised.partner));
    let over = fund.expired_at.is_some();
    let to = match over {
        true => account(fund.id, AccountKind::MdfBudget, None),
        false => account(fund.id, AccountKind::MdfAvailable, Some(promised.partner)),
    };
    let entry = entry(
        tx,
        &fund,
        "mdf.release",
        id.uuid(),
        json!({"fund_id": fund.id}),
        (reserved, to, amount),
    );
    ledger::post(tx, &[entry]).await?;
    take(tx, id, amount, Decimal::ZERO).await?;
    let returned = if over { -amount } else { Decimal::ZERO };
    shift(tx, &fund, [returned, -amount, Decimal::ZERO]).await?;
    let about = About::reservation(id);
    tell(tx, origin, &fund, promised.partner, amount, about, FundReleased).await?;
    Ok(amount)
}

/// Gives promised money back to the partner: an earning that is payable at once. `note` is told in its explanation.
///
/// # Errors
/// 404 when the vendor has no such reservation, 409 `fund_exhausted` when less is left of it.
pub async fn reimburse(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    id: FundReservationId,
    amount: Decimal,
    note: Option<&str>,
) -> Result<EarningId, Problem> {
    let (fund, promised) = promised(tx, vendor, id).await?;
    promised.suffices(tx, &fund, amount).await?;
    let partner = promised.partner;
    let line = earning(tx, &fund, id, &promised, amount, note);
    let earning = line.id;
    write::post(tx, &mut [line]).await?;
    let reserved = account(fund.id, AccountKind::MdfReserved, Some(partner));
    let reimbursed = account(fund.id, AccountKind::MdfReimbursed, Some(partner));
    let told = json!({"fund_id": fund.id, "earning_id": earning});
    let entry = entry(
        tx,
        &fund,
        "mdf.reimbursement",
        id.uuid(),
        told,
        (reserved, reimbursed, amount),
    );
    ledger::post(tx, &[entry]).await?;
    take(tx, id, Decimal::ZERO, amount).await?;
    shift(tx, &fund, [Decimal::ZERO, -amount, amount]).await?;
    let about = About {
        reservation: Some(id),
        earning: Some(earning),
    };
    tell(tx, origin, &fund, partner, amount, about, FundReimbursed).await?;
    Ok(earning)
}

/// The line that a reimbursement is paid by.
fn earning(
    tx: &Tx,
    fund: &Locked,
    reservation: FundReservationId,
    promised: &Promised,
    amount: Decimal,
    note: Option<&str>,
) -> Posted {
    let id: EarningId = tx.new_id();
    let today = tx.now().date_naive();
    Posted {
        id,
        vendor: fund.vendor,
        payee: Payee {
            partner: promised.partner.uuid(),
            user: None,
        },
        kind: Kind::Mdf,
        cause: Cause::Reimbursement,
        root: id,
        version: None,
        sale: None,
        deal: None,
        source: reservation.uuid(),
        plan: None,
        currency: fund.currency,
        amount,
        status: Status::Payable,
        auto_approve: true,
        earned_on: today,
        rests_until: today,
        explanation: json!({"reimbursement": {"fund_id": fund.id, "fund": fund.name, "reservation_id": reservation,
            "purpose": promised.purpose, "reserved": in_currency(promised.amount, fund.currency), "note": note}}),
    }
}

/// A reservation under its fund's lock.
struct Promised {
    partner: OrgId,
    purpose: String,
    amount: Decimal,
    left: Decimal,
}

impl Promised {
    /// Whether `amount` is left of it, and the ledger agrees.
    async fn suffices(&self, tx: &mut Tx, fund: &Locked, amount: Decimal) -> Result<(), Problem> {
        if self.left.is_zero() {
            return Err(exhausted(fund, "of the reservation", self.left));
        }
        whole(amount, fund.currency)?;
        let left = self.left.min(balances(tx, fund, self.partner).await?.reserved);
        if amount > left {
            return Err(exhausted(fund, "of the reservation", left));
        }
        Ok(())
    }
}

/// Holds the vendor's ledger, the reservation's fund and the reservation.
async fn promised(tx: &mut Tx, vendor: OrgId, id: FundReservationId) -> Result<(Locked, Promised), Problem> {
    let fund = sqlx::query_scalar!(
        r#"SELECT fund_id AS "fund_id: FundId" FROM fund_reservation WHERE id = $1 AND vendor_id = $2"#,
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    let fund = hold(tx, vendor, fund).await?;
    let row = sqlx::query!(
        r#"SELECT partner_id AS "partner_id: OrgId", purpose, amount, amount - released - reimbursed AS "left!"
           FROM fund_reservation WHERE id = $1 FOR UPDATE"#,
        id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    let promised = Promised {
        partner: row.partner_id,
        purpose: row.purpose,
        amount: row.amount,
        left: row.left,
    };
    Ok((fund, promised))
}

/// Notes what of a reservation was released or reimbursed.
async fn take(tx: &mut Tx, id: FundReservationId, released: Decimal, reimbursed: Decimal) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE fund_reservation SET released = released + $2, reimbursed = reimbursed + $3, version = version + 1,
                updated_at = $4 WHERE id = $1",
        id.uuid(),
        released,
        reimbursed,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to what the fund's row says is allocated, reserved and reimbursed.
pub(super) async fn shift(tx: &mut Tx, fund: &Locked, by: [Decimal; 3]) -> Result<(), Problem> {
    let [allocated, reserved, reimbursed] = by;
    sqlx::query!(
        "UPDATE fund SET allocated = allocated + $2, reserved = reserved + $3, reimbursed = reimbursed + $4 WHERE id = $1",
        fund.id.uuid(),
        allocated,
        reserved,
        reimbursed,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn entry(
    tx: &Tx,
    fund: &Locked,
    cause: &'static str,
    subject: Uuid,
    details: Value,
    (from, to, amount): (Account, Account, Decimal),
) -> Entry {
    Entry {
        vendor: fund.vendor,
        currency: fund.currency,
        cause,
        subject,
        key: format!("{cause}:{}", tx.new_id::<entity::LedgerEntry>()),
        details,
        postings: moving(from, to, amount, None).to_vec(),
    }
}

/// What a move is about beyond fund and partner.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    pub(super) reservation: Option<FundReservationId>,
    pub(super) earning: Option<EarningId>,
}

impl About {
    const fn reservation(id: FundReservationId) -> Self {
        Self {
            reservation: Some(id),
            earning: None,
        }
    }
}

async fn tell<E: Event>(
    tx: &mut Tx,
    origin: &Origin,
    fund: &Locked,
    partner: OrgId,
    amount: Decimal,
    about: About,
    event: impl FnOnce(FundMoved) -> E,
) -> Result<(), Problem> {
    let standing = balances(tx, fund, partner).await?;
    let written = |amount| in_currency(amount, fund.currency);
    let moved = event(FundMoved {
        fund_id: fund.id,
        vendor_id: fund.vendor,
        partner_id: partner,
        name: fund.name.clone(),
        reservation_id: about.reservation,
        earning_id: about.earning,
        amount: written(amount),
        currency: fund.currency.code().to_owned(),
        available: written(standing.available),
        reserved: written(standing.reserved),
        reimbursed: written(standing.reimbursed),
    });
    event::append(tx, origin, fund.id, &[fund.vendor.uuid(), partner.uuid()], &moved).await?;
    Ok(())
}

/// Amounts come checked, from people or from other pillars; what isn't whole minor units above 0 is a bug.
fn whole(amount: Decimal, currency: Currency) -> Result<(), Problem> {
    if amount > Decimal::ZERO && Money::new(amount, currency).rounded().amount == amount {
        return Ok(());
    }
    Err(Problem::internal(
        "a fund was to move an amount that isn't whole minor units above 0",
    ))
}

fn exhausted(fund: &Locked, what: &str, left: Decimal) -> Problem {
    let (left, currency) = (in_currency(left, fund.currency), fund.currency.code());
    Problem::new(
        FUND_EXHAUSTED,
        format!("Only {left} {currency} {what} are left: take less."),
    )
}

fn expired() -> Problem {
    let detail = "The fund's period is over. What is reserved can still be reimbursed or released.";
    Problem::new(code::ILLEGAL_MOVE, detail)
}
