//! Payouts as the ledger sees them.

use std::collections::HashMap;

use guildhall_kernel::{Currency, EarningId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::posting::Leg;

/// Payouts with their lines, in two statements.
pub(crate) async fn load(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Leg>, Problem> {
    let rows = sqlx::query!(
        "SELECT l.payout_id, l.earning_id, l.amount FROM payout_line l
         WHERE l.payout_id = ANY ($1) ORDER BY l.payout_id, l.earning_id",
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines: HashMap<Uuid, Vec<(EarningId, Decimal)>> = HashMap::with_capacity(ids.len());
    for row in rows {
        lines
            .entry(row.payout_id)
            .or_default()
            .push((row.earning_id.into(), row.amount));
    }
    let rows = sqlx::query!(
        "SELECT id, vendor_id, currency, partner_id, user_id, net, withheld, fees FROM payout
         WHERE id = ANY ($1) ORDER BY id",
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = Currency::from_code(&row.currency);
            Ok(Leg {
                payout: row.id.into(),
                vendor: row.vendor_id.into(),
                currency: currency.ok_or_else(|| Problem::internal("a payout has no currency"))?,
                partner: row.partner_id.into(),
                user: row.user_id.map(Into::into),
                net: row.net,
                withheld: row.withheld,
                fees: row.fees,
                lines: lines.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}
