//! What growth is measured against.

use std::{collections::HashSet, sync::Arc};

use guildhall_kernel::SaleId;
use guildhall_plans::{Payee, Period};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::book::Version;
use super::facts;
use super::settle::{rate, rates};

/// Sales that are read at once.
const CHUNK: i64 = 500;

/// The revenue that the payee's sales of `period` would have counted for under the version. Asked once for each period
/// of a payee, when its first sale comes; computing anew asks again.
///
/// # Errors
/// When the database fails.
pub(super) async fn of(
    conn: &mut PgConnection,
    version: &Arc<Version>,
    payee: Payee,
    period: Period,
) -> Result<Decimal, Problem> {
    let mut after = uuid::Uuid::nil();
    let mut sum = Decimal::ZERO;
    loop {
        let ids = sqlx::query_scalar!(
            r#"SELECT s.id AS "id: SaleId" FROM sale_party p JOIN sale s ON s.id = p.sale_id
               WHERE p.partner_id = $1 AND s.vendor_id = $2 AND s.sold_on BETWEEN $3 AND $4 AND s.id > $5
               ORDER BY s.id LIMIT $6"#,
            payee.partner,
            version.vendor.uuid(),
            period.start,
            period.end,
            after,
            CHUNK,
        )
        .fetch_all(&mut *conn)
        .await?;
        let Some(last) = ids.last() else {
            return Ok(sum);
        };
        after = last.uuid();
        let distinct: HashSet<SaleId> = ids.into_iter().collect();
        let sales = facts::load(conn, &distinct.into_iter().collect::<Vec<_>>()).await?;
        let rates = rates(conn, &sales, std::slice::from_ref(version)).await?;
        for sale in &sales {
            let Some(seen) = sale.seen(version.plan.trigger(), version.program) else {
                continue;
            };
            let currency = version.plan.currency().unwrap_or_else(|| sale.currency());
            let Ok(rate) = rate(sale, currency, rates.get(&sale.vendor)) else {
                continue;
            };
            let contributions = version.plan.contributions(&seen, rate).unwrap_or_default();
            let own = contributions.iter().filter(|one| one.payee == payee);
            sum += own.map(|one| one.basis).sum::<Decimal>();
        }
    }
}
