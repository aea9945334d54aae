//! What growth is measured against.

use std::{collections::HashMap, sync::Arc};

use guildhall_kernel::SaleId;
use guildhall_plans::{Payee, Period, Trigger};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::book::Version;
use super::facts;
use super::settle::{rate, rates};

/// Sales that are read at once.
const CHUNK: i64 = 500;

/// The revenue that the payee's sales of `period` would have counted for under the version. Asked once for each period
/// of a payee, when its first sale comes.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(
    conn: &mut PgConnection,
    version: &Arc<Version>,
    payee: Payee,
    period: Period,
) -> Result<Decimal, Problem> {
    let sums = sums(conn, version, Some(payee.partner), period).await?;
    Ok(sums.get(&payee).copied().unwrap_or_default())
}

/// The same for every payee that has any.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_all(
    conn: &mut PgConnection,
    version: &Arc<Version>,
    period: Period,
) -> Result<HashMap<Payee, Decimal>, Problem> {
    sums(conn, version, None, period).await
}

async fn sums(
    conn: &mut PgConnection,
    version: &Arc<Version>,
    partner: Option<Uuid>,
    period: Period,
) -> Result<HashMap<Payee, Decimal>, Problem> {
    let mut sums: HashMap<Payee, Decimal> = HashMap::new();
    let mut after = Uuid::nil();
    loop {
        let sales = match partner {
            Some(partner) => of_partner(conn, version, partner, period, after).await?,
            None => of_vendor(conn, version, period, after).await?,
        };
        let Some(last) = sales.last() else {
            return Ok(sums);
        };
        after = last.uuid();
        let sales = facts::load(conn, &sales).await?;
        let rates = rates(conn, &sales, std::slice::from_ref(version)).await?;
        for sale in &sales {
            let Some(seen) = sale.seen(version.plan.trigger(), version.program) else {
                continue;
            };
            let currency = version.plan.currency().unwrap_or_else(|| sale.currency());
            let Ok(rate) = rate(sale, currency, rates.get(&sale.vendor)) else {
                continue;
            };
            for one in version.plan.contributions(&seen, rate).unwrap_or_default() {
                let sum = sums.entry(one.payee).or_default();
                *sum = sum.saturating_add(one.basis);
            }
        }
    }
}

/// The next sales of a partner by the day that the version goes by.
async fn of_partner(
    conn: &mut PgConnection,
    version: &Version,
    partner: Uuid,
    period: Period,
    after: Uuid,
) -> Result<Vec<SaleId>, Problem> {
    Ok(sqlx::query_scalar!(
        r#"SELECT s.id AS "id: SaleId" FROM sale s
           WHERE s.id IN (SELECT p.sale_id FROM sale_party p WHERE p.partner_id = $1) AND s.vendor_id = $2 AND s.id > $3
             AND CASE WHEN $4 THEN s.paid_on ELSE s.sold_on END BETWEEN $5 AND $6
           ORDER BY s.id LIMIT $7"#,
        partner,
        version.vendor.uuid(),
        after,
        version.plan.trigger() == Trigger::InvoicePaid,
        period.start,
        period.end,
        CHUNK,
    )
    .fetch_all(conn)
    .await?)
}

/// The next sales of the vendor by that day.
async fn of_vendor(
    conn: &mut PgConnection,
    version: &Version,
    period: Period,
    after: Uuid,
) -> Result<Vec<SaleId>, Problem> {
    Ok(sqlx::query_scalar!(
        r#"SELECT s.id AS "id: SaleId" FROM sale s
           WHERE s.vendor_id = $1 AND s.id > $2
             AND CASE WHEN $3 THEN s.paid_on ELSE s.sold_on END BETWEEN $4 AND $5
           ORDER BY s.id LIMIT $6"#,
        version.vendor.uuid(),
        after,
        version.plan.trigger() == Trigger::InvoicePaid,
        period.start,
        period.end,
        CHUNK,
    )
    .fetch_all(conn)
    .await?)
}
