//! What a locked deal says, for the commands that go on from there.

use chrono::NaiveDate;
use guildhall_kernel::{Currency, ProductId};
use guildhall_spine::{db::Tx, http::Problem};
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::customer::{NameKey, NameKeys};
use super::draft::{CustomerDraft, LineDraft, Unchecked};
use super::find_conflicts::Claim;
use super::rows::Locked;
use super::wire::DealContact;

struct Stored {
    customer_name: String,
    customer_domain: Option<String>,
    customer_country: String,
    currency: String,
    expected_close: NaiveDate,
    note: Option<String>,
    custom: Json<Map<String, Value>>,
    products: Json<Vec<StoredLine>>,
    contacts: Json<Vec<DealContact>>,
}

#[derive(Deserialize)]
struct StoredLine {
    product_id: Option<uuid::Uuid>,
    name: String,
    quantity: String,
    unit_amount: String,
}

/// The registration behind a locked deal, as it would be sent again.
pub(crate) async fn as_sent(tx: &mut Tx, deal: &Locked) -> Result<Unchecked, Problem> {
    let stored = sqlx::query_as!(
        Stored,
        r#"SELECT customer_name, customer_domain, customer_country, currency, expected_close, note,
                  custom AS "custom: Json<Map<String, Value>>",
                  (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'name', l.product,
                              'quantity', l.quantity::text, 'unit_amount', l.unit_amount::text) ORDER BY l.no), '[]')
                   FROM deal_line l WHERE l.deal_id = d.id) AS "products!: Json<Vec<StoredLine>>",
                  (SELECT coalesce(json_agg(json_build_object('name', c.name, 'title', c.title, 'email', c.email,
                              'phone', c.phone) ORDER BY c.no), '[]')
                   FROM deal_contact c WHERE c.deal_id = d.id) AS "contacts!: Json<Vec<DealContact>>"
           FROM deal d WHERE id = $1"#,
        deal.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    let line = |line: StoredLine| LineDraft {
        product_id: line.product_id.map(ProductId::from),
        name: Some(line.name),
        quantity: line.quantity,
        unit_amount: Some(line.unit_amount),
        fault: None,
    };
    Ok(Unchecked {
        vendor: deal.vendor_id,
        customer: CustomerDraft {
            name: stored.customer_name,
            domain: stored.customer_domain,
            country: stored.customer_country,
        },
        products: stored.products.0.into_iter().map(line).collect(),
        currency: Currency::from_code(&stored.currency).ok_or_else(|| Problem::internal("a deal has no currency"))?,
        expected_close: stored.expected_close,
        note: stored.note,
        contacts: stored.contacts.0,
        custom: stored.custom.0,
    })
}

/// The claim of a locked deal, taken from what is stored: rules that came later don't undo it.
pub(super) async fn claim(tx: &mut Tx, deal: &Locked) -> Result<Claim, Problem> {
    let row = sqlx::query!(
        r#"SELECT customer_name, customer_key, customer_domain, customer_country, expected_close,
                  ARRAY(SELECT c.email_key FROM deal_contact c WHERE c.deal_id = d.id) AS "email_keys!",
                  ARRAY(SELECT l.product FROM deal_line l WHERE l.deal_id = d.id) AS "products!"
           FROM deal d WHERE id = $1"#,
        deal.id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?;
    let key = NameKey::from_legal_name(&row.customer_name, &row.customer_country).map_err(Problem::internal)?;
    Ok(Claim {
        vendor: deal.vendor_id,
        partner: deal.partner_id,
        name_key: row.customer_key,
        name_keys: NameKeys::new(deal.vendor_id, &key),
        domain: row.customer_domain,
        country: row.customer_country,
        expected_close: row.expected_close,
        email_keys: row.email_keys,
        products: row.products,
    })
}
