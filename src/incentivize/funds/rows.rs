//! Funds and reservations in the database.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, FundId, FundReservationId, OrgId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::events::FundNow;
use super::view::{Fund, FundBalance, FundReservation};
use crate::sales::rows::in_currency;

/// Which funds are read.
pub(super) enum Wanted {
    /// One.
    One(FundId),
    /// A page of a list.
    Page {
        expired: Option<bool>,
        after: Option<Uuid>,
        limit: i64,
    },
}

/// The currency of a row.
pub(super) fn currency_of(code: &str) -> Result<Currency, Problem> {
    Currency::from_code(code).ok_or_else(|| Problem::internal("a currency is unknown"))
}

/// A fund with what the partner that asks has of it.
struct Stored {
    id: FundId,
    version: i64,
    vendor_id: OrgId,
    name: String,
    currency: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    expired_at: Option<DateTime<Utc>>,
    budget: Decimal,
    allocated: Decimal,
    reserved: Decimal,
    reimbursed: Decimal,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    own_available: Decimal,
    own_reserved: Decimal,
    own_reimbursed: Decimal,
}

/// Funds as one side may see them, the newest first: a vendor its own, a partner those that it has a part in.
pub(super) async fn read(
    conn: &mut PgConnection,
    wanted: Wanted,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
) -> Result<Vec<Fund>, Problem> {
    let (one, expired, after, limit) = match wanted {
        Wanted::One(id) => (Some(id.uuid()), None, None, 1),
        Wanted::Page { expired, after, limit } => (None, expired, after, limit),
    };
    let rows = sqlx::query_as!(
        Stored,
        r#"SELECT f.id AS "id: FundId", f.version, f.vendor_id AS "vendor_id: OrgId", f.name, f.currency, f.starts_on,
                  f.ends_on, f.expired_at, f.budget, f.allocated, f.reserved, f.reimbursed, f.created_at, f.updated_at,
                  own.available AS "own_available!", own.reserved AS "own_reserved!", own.reimbursed AS "own_reimbursed!"
           FROM fund f
           CROSS JOIN LATERAL (
               SELECT coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_available'), 0) AS available,
                      coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reserved'), 0) AS reserved,
                      coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reimbursed'), 0) AS reimbursed
               FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
               WHERE a.fund_id = f.id AND a.partner_id = $3) own
           WHERE ($1::uuid IS NULL OR f.id = $1) AND ($2::uuid IS NULL OR f.vendor_id = $2)
             AND ($3::uuid IS NULL OR EXISTS (SELECT FROM ledger_account a
                                              WHERE a.fund_id = f.id AND a.partner_id = $3))
             AND ($4::boolean IS NULL OR (f.expired_at IS NOT NULL) = $4) AND ($5::uuid IS NULL OR f.id < $5)
           ORDER BY f.id DESC LIMIT $6"#,
        one,
        vendor.map(OrgId::uuid),
        partner.map(OrgId::uuid),
        expired,
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.shown(partner.is_none())).collect()
}

impl Stored {
    /// As the vendor sees it inside, with what all partners have, or as the partner does.
    fn shown(self, inside: bool) -> Result<Fund, Problem> {
        let currency = currency_of(&self.currency)?;
        let written = |amount| in_currency(amount, currency);
        let (available, reserved, reimbursed) = if inside {
            let available = self.allocated - self.reserved - self.reimbursed;
            (available, self.reserved, self.reimbursed)
        } else {
            (self.own_available, self.own_reserved, self.own_reimbursed)
        };
        Ok(Fund {
            id: self.id,
            version: self.version,
            vendor_id: self.vendor_id,
            name: self.name,
            currency: self.currency,
            from: self.starts_on,
            to: self.ends_on,
            expired_at: self.expired_at,
            budget: inside.then(|| written(self.budget)),
            unallocated: inside.then(|| written(self.budget - self.allocated)),
            available: written(available),
            reserved: written(reserved),
            reimbursed: written(reimbursed),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A fund of the vendor; for a partner, one that it has a part in.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: FundId,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
) -> Result<Option<Fund>, Problem> {
    Ok(read(conn, Wanted::One(id), vendor, partner).await?.pop())
}

/// A fund under its lock.
#[derive(Clone, Debug)]
pub(super) struct Locked {
    pub(super) id: FundId,
    pub(super) vendor: OrgId,
    pub(super) name: String,
    pub(super) currency: Currency,
    pub(super) from: NaiveDate,
    pub(super) to: NaiveDate,
    pub(super) budget: Decimal,
    pub(super) allocated: Decimal,
    pub(super) expired_at: Option<DateTime<Utc>>,
    pub(super) version: i64,
}

impl Locked {
    pub(super) fn now(&self) -> FundNow {
        FundNow {
            fund_id: self.id,
            vendor_id: self.vendor,
            name: self.name.clone(),
            currency: self.currency.code().to_owned(),
            budget: in_currency(self.budget, self.currency),
            from: self.from,
            to: self.to,
            version: self.version,
        }
    }
}

/// Locks a fund of the vendor, after the vendor's ledger.
///
/// # Errors
/// 404 when the vendor has no such fund.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: FundId) -> Result<Locked, Problem> {
    let row = sqlx::query!(
        "SELECT name, currency, starts_on, ends_on, budget, allocated, expired_at, version FROM fund
         WHERE id = $1 AND vendor_id = $2 FOR UPDATE",
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    Ok(Locked {
        id,
        vendor,
        name: row.name,
        currency: currency_of(&row.currency)?,
        from: row.starts_on,
        to: row.ends_on,
        budget: row.budget,
        allocated: row.allocated,
        expired_at: row.expired_at,
        version: row.version,
    })
}

/// What partners have of a fund, by partner.
pub(super) async fn balances(
    conn: &mut PgConnection,
    fund: FundId,
    partner: Option<OrgId>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<FundBalance>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT a.partner_id AS "partner_id!: OrgId", min(a.currency) AS "currency!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_available'), 0) AS "available!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reserved'), 0) AS "reserved!",
                  coalesce(sum(b.balance) FILTER (WHERE a.kind = 'mdf_reimbursed'), 0) AS "reimbursed!"
           FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
           WHERE a.fund_id = $1 AND a.partner_id IS NOT NULL AND ($2::uuid IS NULL OR a.partner_id = $2)
             AND ($3::uuid IS NULL OR a.partner_id > $3)
           GROUP BY a.partner_id ORDER BY a.partner_id LIMIT $4"#,
        fund.uuid(),
        partner.map(OrgId::uuid),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = currency_of(&row.currency)?;
            Ok(FundBalance {
                fund_id: fund,
                partner_id: row.partner_id,
                available: in_currency(row.available, currency),
                reserved: in_currency(row.reserved, currency),
                reimbursed: in_currency(row.reimbursed, currency),
                currency: row.currency,
            })
        })
        .collect()
}

/// Which reservations are read.
pub(super) enum WantedReservations {
    /// One.
    One(FundReservationId),
    /// A page of those of a fund.
    Page {
        fund: FundId,
        of: Option<OrgId>,
        after: Option<Uuid>,
        limit: i64,
    },
}

/// Reservations as one side may see them, the newest first.
pub(super) async fn reservations(
    conn: &mut PgConnection,
    wanted: WantedReservations,
    vendor: Option<OrgId>,
    partner: Option<OrgId>,
) -> Result<Vec<FundReservation>, Problem> {
    let (one, fund, of, after, limit) = match wanted {
        WantedReservations::One(id) => (Some(id.uuid()), None, None, None, 1),
        WantedReservations::Page { fund, of, after, limit } => {
            (None, Some(fund.uuid()), of.map(OrgId::uuid), after, limit)
        }
    };
    let rows = sqlx::query!(
        r#"SELECT r.id AS "id: FundReservationId", r.version, r.fund_id AS "fund_id: FundId",
                  r.vendor_id AS "vendor_id: OrgId", r.partner_id AS "partner_id: OrgId", r.purpose, f.currency, r.amount,
                  r.released, r.reimbursed, r.created_at, r.updated_at
           FROM fund_reservation r JOIN fund f ON f.id = r.fund_id
           WHERE ($1::uuid IS NULL OR r.id = $1) AND ($2::uuid IS NULL OR r.fund_id = $2)
             AND ($3::uuid IS NULL OR r.partner_id = $3) AND ($4::uuid IS NULL OR r.vendor_id = $4)
             AND ($5::uuid IS NULL OR r.partner_id = $5) AND ($6::uuid IS NULL OR r.id < $6)
           ORDER BY r.id DESC LIMIT $7"#,
        one,
        fund,
        of,
        vendor.map(OrgId::uuid),
        partner.map(OrgId::uuid),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = currency_of(&row.currency)?;
            let written = |amount| in_currency(amount, currency);
            Ok(FundReservation {
                id: row.id,
                version: row.version,
                fund_id: row.fund_id,
                vendor_id: row.vendor_id,
                partner_id: row.partner_id,
                purpose: row.purpose,
                currency: row.currency,
                amount: written(row.amount),
                released: written(row.released),
                reimbursed: written(row.reimbursed),
                left: written(row.amount - row.released - row.reimbursed),
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// A reservation of the vendor, inside a transaction that has just written it.
pub(super) async fn reservation(tx: &mut Tx, id: FundReservationId, vendor: OrgId) -> Result<FundReservation, Problem> {
    let found = reservations(tx, WantedReservations::One(id), Some(vendor), None)
        .await?
        .pop();
    found.ok_or_else(|| Problem::internal("a reservation vanished inside its own transaction"))
}
