//! Won deals as earnings are made of them.

use chrono::NaiveDate;
use guildhall_kernel::{Currency, DealId, OrgId, ProductId, UserId};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Map, Value};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::credit::CreditRole;

/// A deal that the customer bought.
#[derive(Clone, Debug)]
pub struct WonDeal {
    /// The deal.
    pub id: DealId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// Who registered it.
    pub partner_id: OrgId,
    /// Who registered it there.
    pub submitted_by: Option<UserId>,
    /// What it was closed at.
    pub amount: Decimal,
    /// The currency of all amounts.
    pub currency: Currency,
    /// When the customer bought.
    pub closed_on: NaiveDate,
    /// The customer's country (ISO 3166-1 alpha-2).
    pub customer_country: String,
    /// The answers to the form's own questions.
    pub answers: Map<String, Value>,
    /// What was bought, in order. Their amounts are those of the registration: they sum to `amount` unless the deal was
    /// closed at another.
    pub lines: Vec<WonLine>,
    /// How the credit is shared; the default, when nothing is locked yet, is empty.
    pub shares: Vec<WonShare>,
}

/// A product of a won deal.
#[derive(Clone, Debug, Deserialize)]
pub struct WonLine {
    /// Its number in the deal, from 1.
    pub no: i16,
    /// The product of the catalogue, if it is one.
    pub product_id: Option<ProductUuid>,
    /// The vendor's number of the product.
    pub sku: Option<String>,
    /// The product's family.
    pub family: Option<String>,
    /// The product's name.
    pub name: String,
    /// How many.
    pub quantity: Decimal,
    /// For how much together.
    pub amount: Decimal,
}

/// A product's id as the database writes it into JSON.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct ProductUuid(Uuid);

impl From<ProductUuid> for ProductId {
    fn from(id: ProductUuid) -> Self {
        id.0.into()
    }
}

/// A partner's part in the credit of a won deal, and where the partner stands now.
#[derive(Clone, Debug, Deserialize)]
pub struct WonShare {
    /// What it did.
    pub role: CreditRole,
    /// The partner's UUID.
    pub partner_id: Uuid,
    /// More than 0 and at most 100.
    pub percent: Decimal,
}

/// Those of `deals` that are won.
///
/// # Errors
/// When the database fails.
pub async fn won_deals(conn: &mut PgConnection, deals: &[DealId]) -> Result<Vec<WonDeal>, Problem> {
    let ids: Vec<Uuid> = deals.iter().map(|deal| deal.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT d.id AS "id: DealId", d.vendor_id AS "vendor_id: OrgId", d.partner_id AS "partner_id: OrgId",
                  d.submitted_by AS "submitted_by: UserId", d.amount, d.currency, d.closed_on AS "closed_on!",
                  d.customer_country, d.custom AS "custom: Json<Map<String, Value>>",
                  (SELECT coalesce(json_agg(json_build_object('no', l.no, 'product_id', l.product_id, 'sku', p.sku,
                              'family', p.family, 'name', l.product, 'quantity', l.quantity::text,
                              'amount', l.amount::text) ORDER BY l.no), '[]')
                   FROM deal_line l LEFT JOIN product p ON p.id = l.product_id
                   WHERE l.deal_id = d.id) AS "lines!: Json<Vec<WonLine>>",
                  (SELECT coalesce(json_agg(json_build_object('role', s.role, 'partner_id', s.partner_id,
                              'percent', s.percent::text) ORDER BY s.role, s.partner_id), '[]')
                   FROM credit_agreement a JOIN credit_share s ON s.agreement_id = a.id
                   WHERE a.deal_id = d.id AND a.status = 'in_force') AS "shares!: Json<Vec<WonShare>>"
           FROM deal d WHERE d.id = ANY($1) AND d.status = 'won' AND d.closed_on IS NOT NULL
           ORDER BY d.id"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(WonDeal {
                id: row.id,
                vendor_id: row.vendor_id,
                partner_id: row.partner_id,
                submitted_by: row.submitted_by,
                amount: row.amount,
                currency: Currency::from_code(&row.currency)
                    .ok_or_else(|| Problem::internal("a currency is unknown"))?,
                closed_on: row.closed_on,
                customer_country: row.customer_country,
                answers: row.custom.0,
                lines: row.lines.0,
                shares: row.shares.0,
            })
        })
        .collect()
}
