//! Prices from the database, and what they mean for the lines of a deal.

use std::collections::HashMap;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, Money, OrgId, PriceListId, ProductId, ProgramId, parse_decimal};
use guildhall_onboard::api::Tier;
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::pricing::{Audience, Discount, Entry, List, price};
use crate::deals::draft::{LineDraft, LineFault};

/// Who buys of whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buyer {
    pub(crate) vendor: OrgId,
    pub(crate) partner: OrgId,
}

/// The lists that are for an audience on a day, with the prices of the products asked for.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) lists: Vec<List>,
    pub(super) entries: HashMap<Uuid, Vec<Entry>>,
}

impl Market {
    /// The currencies that there are lists in, in the order of their codes.
    pub(super) fn currencies(&self) -> Vec<Currency> {
        let mut found: Vec<Currency> = self.lists.iter().map(|list| list.currency).collect();
        found.sort_by_key(|currency| currency.code());
        found.dedup();
        found
    }
}

/// The tier and program that the buyer stands in; `None` unless it is active with the vendor.
pub(super) async fn audience(conn: &mut PgConnection, buyer: &Buyer) -> Result<Option<Audience>, Problem> {
    let found = sqlx::query!(
        r#"SELECT tier AS "tier: Tier", program_id AS "program_id: ProgramId" FROM partnership
           WHERE vendor_id = $1 AND partner_id = $2 AND status = 'active'"#,
        buyer.vendor.uuid(),
        buyer.partner.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.map(|found| Audience {
        vendor: buyer.vendor,
        tier: Some(found.tier),
        program: Some(found.program_id),
    }))
}

#[derive(Debug, Deserialize)]
struct StoredDiscount {
    product_id: Option<Uuid>,
    family: Option<String>,
    tier: Option<Tier>,
    percent: Decimal,
}

/// The lists and prices that may apply, by the ranges that the exclusion of overlaps and the key of prices are.
pub(super) async fn market(
    conn: &mut PgConnection,
    audience: &Audience,
    currency: Option<Currency>,
    on: NaiveDate,
    products: &[Uuid],
) -> Result<Market, Problem> {
    let found = sqlx::query!(
        r#"SELECT l.id AS "id: PriceListId", l.name, l.currency, l.tier AS "tier: Tier",
                  l.program_id AS "program_id: ProgramId",
                  (SELECT coalesce(json_agg(json_build_object('product_id', d.product_id, 'family', d.family,
                              'tier', d.tier, 'percent', d.percent::text)), '[]')
                   FROM registration_discount d WHERE d.price_list_id = l.id) AS "discounts!: Json<Vec<StoredDiscount>>"
           FROM price_list l
           WHERE l.vendor_id = $1 AND ($2::text IS NULL OR l.currency = $2)
             AND daterange(l.valid_from, l.valid_to, '[]') @> $3::date
             AND (l.tier IS NULL OR l.tier = $4) AND (l.program_id IS NULL OR l.program_id = $5)"#,
        audience.vendor.uuid(),
        currency.map(|currency| currency.code()),
        on,
        audience.tier.map(Tier::as_str),
        audience.program.map(ProgramId::uuid),
    )
    .fetch_all(&mut *conn)
    .await?;
    let lists = found.into_iter().filter_map(|row| {
        Some(List {
            id: row.id,
            name: row.name,
            currency: Currency::from_code(&row.currency)?,
            tier: row.tier,
            program: row.program_id,
            discounts: row.discounts.0.into_iter().map(Discount::from).collect(),
        })
    });
    let lists: Vec<List> = lists.collect();
    let entries = entries(conn, &lists, products).await?;
    Ok(Market { lists, entries })
}

async fn entries(
    conn: &mut PgConnection,
    lists: &[List],
    products: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Entry>>, Problem> {
    let found = sqlx::query!(
        r#"SELECT price_list_id AS "list: PriceListId", product_id, min_quantity, unit_amount FROM price
           WHERE price_list_id = ANY ($1) AND product_id = ANY ($2)"#,
        &lists.iter().map(|list| list.id.uuid()).collect::<Vec<_>>(),
        products,
    )
    .fetch_all(conn)
    .await?;
    let mut entries: HashMap<Uuid, Vec<Entry>> = HashMap::new();
    for row in found {
        let currency = lists.iter().find(|list| list.id == row.list).map(|list| list.currency);
        let places = currency.map_or(2, Money::exponent);
        let mut unit_amount = row.unit_amount.normalize();
        unit_amount.rescale(places.max(unit_amount.scale()));
        entries.entry(row.product_id).or_default().push(Entry {
            list: row.list,
            min_quantity: row.min_quantity,
            unit_amount,
        });
    }
    Ok(entries)
}

impl From<StoredDiscount> for Discount {
    fn from(stored: StoredDiscount) -> Self {
        Self {
            product: stored.product_id.map(ProductId::from),
            family: stored.family,
            tier: stored.tier,
            percent: stored.percent,
        }
    }
}

/// The name and family of those of `products` that the vendor sells.
pub(crate) async fn named(
    conn: &mut PgConnection,
    vendor: OrgId,
    products: &[Uuid],
) -> Result<HashMap<Uuid, (String, Option<String>)>, Problem> {
    let found = sqlx::query!(
        "SELECT id, name, family FROM product WHERE id = ANY ($1) AND vendor_id = $2 AND status = 'active'",
        products,
        vendor.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(|row| (row.id, (row.name, row.family))).collect())
}

/// Completes the lines that name a product: the name that it has, unless the line says another, and the price that
/// applies today, unless the line says one. What can't be completed is noted in the line, whose check reports it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn fill(
    tx: &mut Tx,
    buyer: Buyer,
    currency: Currency,
    lines: &mut [LineDraft],
) -> Result<(), Problem> {
    let ids: Vec<Uuid> = lines
        .iter()
        .filter_map(|line| line.product_id)
        .map(ProductId::uuid)
        .collect();
    if ids.is_empty() {
        return Ok(());
    }
    let on = tx.now().date_naive();
    let Some(audience) = audience(tx, &buyer).await? else {
        let mentioned = lines.iter_mut().filter(|line| line.product_id.is_some());
        mentioned.for_each(|line| line.fault = Some(LineFault::unknown_product()));
        return Ok(());
    };
    let products = named(tx, buyer.vendor, &ids).await?;
    let market = market(tx, &audience, Some(currency), on, &ids).await?;
    for line in lines {
        let Some(id) = line.product_id else { continue };
        let Some((name, family)) = products.get(&id.uuid()) else {
            line.fault = Some(LineFault::unknown_product());
            continue;
        };
        line.name.get_or_insert_with(|| name.clone());
        if line.unit_amount.is_some() {
            continue;
        }
        let entries = market.entries.get(&id.uuid()).map_or(&[][..], Vec::as_slice);
        let quantity = parse_decimal(&line.quantity).unwrap_or_default();
        let priced = price(&audience, (id, family.as_deref()), currency, &market.lists, entries);
        match priced.map(|priced| priced.at(quantity)) {
            Some(Some(step)) => line.unit_amount = Some(step.unit_amount.to_string()),
            Some(None) => line.fault = Some(LineFault::too_few()),
            None => line.fault = Some(LineFault::no_price(currency)),
        }
    }
    Ok(())
}
