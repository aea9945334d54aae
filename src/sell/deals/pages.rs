//! Reading lists of deals. Each query is one range of one index: which one, and in which direction, is known from
//! what is asked for, so each has a text of its own.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId};
use rust_decimal::Decimal;
use sqlx::PgPool;
use uuid::Uuid;

use super::search::{self, Sought};
use super::state::DealStatus;
use super::wire::{Customer, DealSummary, Party, in_currency};

/// Which deals, from where on.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The vendor: the one acted for, or the one filtered by.
    pub(super) vendor: Option<OrgId>,
    /// The partner, likewise.
    pub(super) partner: Option<OrgId>,
    pub(super) status: Option<DealStatus>,
    pub(super) country: Option<String>,
    /// The customer looked for.
    pub(super) customer: Option<Sought>,
    pub(super) newest_first: bool,
    /// The last deal of the page before.
    pub(super) after: Option<Uuid>,
    pub(super) limit: i64,
}

/// A row of a list.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) id: DealId,
    pub(super) version: i64,
    pub(super) status: DealStatus,
    pub(super) vendor_id: OrgId,
    pub(super) vendor_name: String,
    pub(super) partner_id: OrgId,
    pub(super) partner_name: String,
    pub(super) customer_name: String,
    pub(super) customer_domain: Option<String>,
    pub(super) customer_country: String,
    pub(super) currency: String,
    pub(super) amount: Decimal,
    pub(super) expected_close: NaiveDate,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

impl From<Summary> for DealSummary {
    fn from(row: Summary) -> Self {
        Self {
            id: row.id,
            version: row.version,
            status: row.status,
            vendor: Party {
                id: row.vendor_id,
                name: row.vendor_name,
            },
            partner: Party {
                id: row.partner_id,
                name: row.partner_name,
            },
            customer: Customer {
                name: row.customer_name,
                domain: row.customer_domain,
                country: row.customer_country,
            },
            amount: in_currency(row.amount, &row.currency),
            currency: row.currency,
            expected_close: row.expected_close,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The names are looked up for the page only.
macro_rules! page {
    ($db:expr, $range:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Summary,
            r#"SELECT d.id AS "id: DealId", d.version, d.status AS "status: DealStatus",
                      d.vendor_id AS "vendor_id: OrgId", v.name AS vendor_name,
                      d.partner_id AS "partner_id: OrgId", p.name AS partner_name, d.customer_name, d.customer_domain,
                      d.customer_country, d.currency, d.amount, d.expected_close, d.created_at, d.updated_at
               FROM deal d JOIN organisation v ON v.id = d.vendor_id JOIN organisation p ON p.id = d.partner_id
               WHERE "# + $range,
            $($argument),+
        )
        .fetch_all($db)
        .await
    };
}
pub(super) use page as read_page;

/// One page of deals.
pub(super) async fn page(db: &PgPool, wanted: &Wanted) -> Result<Vec<Summary>, sqlx::Error> {
    if let Some(sought) = &wanted.customer {
        return search::page(db, wanted, sought).await;
    }
    match (wanted.vendor, wanted.partner) {
        (Some(vendor), Some(partner)) => of_partnership(db, wanted, vendor.uuid(), partner.uuid()).await,
        (Some(vendor), None) => match (&wanted.country, wanted.status) {
            (Some(country), _) => of_vendor_by_country(db, wanted, vendor.uuid(), country).await,
            (None, Some(status)) => of_vendor_by_status(db, wanted, vendor.uuid(), status).await,
            (None, None) => of_vendor(db, wanted, vendor.uuid()).await,
        },
        (None, Some(partner)) => match wanted.status {
            Some(status) => of_partner_by_status(db, wanted, partner.uuid(), status).await,
            None => of_partner(db, wanted, partner.uuid()).await,
        },
        (None, None) => Ok(Vec::new()),
    }
}

impl Wanted {
    /// What comes after every id, in the list's direction, stands for the beginning.
    fn after(&self) -> Uuid {
        self.after
            .unwrap_or(if self.newest_first { Uuid::max() } else { Uuid::nil() })
    }
}

async fn of_vendor(db: &PgPool, wanted: &Wanted, vendor: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let (after, limit) = (wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.vendor_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3",
            vendor,
            after,
            limit
        )
    } else {
        page!(
            db,
            "d.vendor_id = $1 AND d.id > $2 ORDER BY d.id LIMIT $3",
            vendor,
            after,
            limit
        )
    }
}

async fn of_vendor_by_status(
    db: &PgPool,
    wanted: &Wanted,
    vendor: Uuid,
    status: DealStatus,
) -> Result<Vec<Summary>, sqlx::Error> {
    let (status, after, limit) = (status.as_str(), wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.vendor_id = $1 AND d.status = $2 AND d.id < $3 ORDER BY d.id DESC LIMIT $4",
            vendor,
            status,
            after,
            limit,
        )
    } else {
        page!(
            db,
            "d.vendor_id = $1 AND d.status = $2 AND d.id > $3 ORDER BY d.id LIMIT $4",
            vendor,
            status,
            after,
            limit,
        )
    }
}

async fn of_vendor_by_country(
    db: &PgPool,
    wanted: &Wanted,
    vendor: Uuid,
    country: &str,
) -> Result<Vec<Summary>, sqlx::Error> {
    let (status, after, limit) = (wanted.status.map(DealStatus::as_str), wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.vendor_id = $1 AND d.customer_country = $2 AND ($3::text IS NULL OR d.status = $3) AND d.id < $4
             ORDER BY d.id DESC LIMIT $5",
            vendor,
            country,
            status,
            after,
            limit,
        )
    } else {
        page!(
            db,
            "d.vendor_id = $1 AND d.customer_country = $2 AND ($3::text IS NULL OR d.status = $3) AND d.id > $4
             ORDER BY d.id LIMIT $5",
            vendor,
            country,
            status,
            after,
            limit,
        )
    }
}

async fn of_partnership(
    db: &PgPool,
    wanted: &Wanted,
    vendor: Uuid,
    partner: Uuid,
) -> Result<Vec<Summary>, sqlx::Error> {
    let (status, country) = (wanted.status.map(DealStatus::as_str), wanted.country.as_deref());
    let (after, limit) = (wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.vendor_id = $1 AND d.partner_id = $2 AND ($3::text IS NULL OR d.status = $3)
             AND ($4::text IS NULL OR d.customer_country = $4) AND d.id < $5 ORDER BY d.id DESC LIMIT $6",
            vendor,
            partner,
            status,
            country,
            after,
            limit,
        )
    } else {
        page!(
            db,
            "d.vendor_id = $1 AND d.partner_id = $2 AND ($3::text IS NULL OR d.status = $3)
             AND ($4::text IS NULL OR d.customer_country = $4) AND d.id > $5 ORDER BY d.id LIMIT $6",
            vendor,
            partner,
            status,
            country,
            after,
            limit,
        )
    }
}

async fn of_partner(db: &PgPool, wanted: &Wanted, partner: Uuid) -> Result<Vec<Summary>, sqlx::Error> {
    let (country, after, limit) = (wanted.country.as_deref(), wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.partner_id = $1 AND ($2::text IS NULL OR d.customer_country = $2) AND d.id < $3
             ORDER BY d.id DESC LIMIT $4",
            partner,
            country,
            after,
            limit,
        )
    } else {
        page!(
            db,
            "d.partner_id = $1 AND ($2::text IS NULL OR d.customer_country = $2) AND d.id > $3 ORDER BY d.id LIMIT $4",
            partner,
            country,
            after,
            limit,
        )
    }
}

async fn of_partner_by_status(
    db: &PgPool,
    wanted: &Wanted,
    partner: Uuid,
    status: DealStatus,
) -> Result<Vec<Summary>, sqlx::Error> {
    let (status, country) = (status.as_str(), wanted.country.as_deref());
    let (after, limit) = (wanted.after(), wanted.limit);
    if wanted.newest_first {
        page!(
            db,
            "d.partner_id = $1 AND d.status = $2 AND ($3::text IS NULL OR d.customer_country = $3) AND d.id < $4
             ORDER BY d.id DESC LIMIT $5",
            partner,
            status,
            country,
            after,
            limit,
        )
    } else {
        page!(
            db,
            "d.partner_id = $1 AND d.status = $2 AND ($3::text IS NULL OR d.customer_country = $3) AND d.id > $4
             ORDER BY d.id LIMIT $5",
            partner,
            status,
            country,
            after,
            limit,
        )
    }
}
