//! Brings the keys of customers' names up to date, once names are read another way than when they were registered. A
//! migration sets the deadline; it goes through the deals in batches and remembers how far it came.

use async_trait::async_trait;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    db::Tx,
    http::Problem,
    timer::{Due, Next, Timer},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::customer::{NameKey, NameKeys};

/// Deals a batch. Only those that change are locked, and written: most are as they should be.
const BATCH: i64 = 500;

/// Writes keys anew where they differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeyTimer;

#[async_trait]
impl Timer for KeyTimer {
    fn kind(&self) -> &'static str {
        "deal_customer_keys"
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let after = due.data.get("after").and_then(Value::as_str);
        let after: Uuid = after.and_then(|id| id.parse().ok()).unwrap_or_default();
        let last = batch(tx, after).await?;
        Ok(last.map_or(Next::Done, |last| Next::At(tx.now(), json!({"after": last}))))
    }
}

/// The deals after `after`; returns the last one of them.
async fn batch(tx: &mut Tx, after: Uuid) -> Result<Option<Uuid>, Problem> {
    let deals = sqlx::query!(
        r#"SELECT id, vendor_id AS "vendor: OrgId", customer_name, customer_country, customer_key, customer_keys
           FROM deal WHERE id > $1 ORDER BY id LIMIT $2"#,
        after,
        BATCH,
    )
    .fetch_all(&mut **tx)
    .await?;
    for deal in &deals {
        // A name that would be refused today keeps the keys that it has.
        let Ok(key) = NameKey::from_legal_name(&deal.customer_name, &deal.customer_country) else {
            continue;
        };
        let keys = NameKeys::new(deal.vendor, &key).to_stored();
        if key.as_str() == deal.customer_key && (keys == deal.customer_keys || deal.customer_keys.is_empty()) {
            continue;
        }
        // A deal that claims nothing any more has no keys to be found by, whatever it had when it was read. One that has
        // got another name since got its keys by today's rule.
        sqlx::query!(
            "UPDATE deal SET customer_key = $2, customer_keys = CASE WHEN customer_keys = '{}' THEN customer_keys ELSE $3 END
             WHERE id = $1 AND customer_name = $4 AND customer_country = $5",
            deal.id,
            key.as_str(),
            &keys,
            deal.customer_name,
            deal.customer_country,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(deals.last().map(|deal| deal.id))
}
