use std::collections::HashSet;

use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{Currency, ProductId, parse_decimal};
use guildhall_spine::{
    App,
    db::Tx,
    http::{Checks, Command, IfMatch, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::super::events::PricesSet;
use super::{PriceList, access::ManagedList, announce, rows};

const MOST: usize = 500;
const MOST_STEPS: usize = 20;
/// 9 999 999 999: what the database holds of a quantity.
const LARGEST_QUANTITY: Decimal = Decimal::from_parts(1_410_065_407, 2, 0, false, 0);

/// Prices to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListPrices)]
pub(super) struct Prices {
    /// Those of 1 to 500 products; the others stay as they are.
    #[schema(min_items = 1, max_items = 500)]
    prices: Vec<ProductPrice>,
}

/// The prices of one product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListProductPrice)]
pub(super) struct ProductPrice {
    /// A product of the vendor.
    product_id: ProductId,
    /// The price of one by quantity, at most 20; `[]` takes the product off the list.
    #[schema(max_items = 20)]
    steps: Vec<PriceListStep>,
}

/// The price of one, from a quantity on.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceListStep {
    /// From this quantity on, at most 4 decimals; any quantity when left out.
    #[serde(default)]
    #[schema(example = "10")]
    min_quantity: Option<String>,
    /// The price of one, with no more decimals than the currency has.
    #[schema(example = "349.50")]
    unit_amount: String,
}

struct Set {
    product: Uuid,
    min_quantity: Decimal,
    unit_amount: Decimal,
}

impl Validate for Prices {
    fn validate(&self, checks: &mut Checks) {
        let few = (1..=MOST).contains(&self.prices.len());
        checks.check(few, "/prices", "length", "must have 1 to 500 products");
        let mut seen = HashSet::new();
        for (place, price) in self.prices.iter().enumerate() {
            let at = format!("/prices/{place}");
            let fresh = seen.insert(price.product_id);
            checks.check(fresh, &format!("{at}/product_id"), "duplicate", "stands here twice");
            let few = price.steps.len() <= MOST_STEPS;
            checks.check(few, &format!("{at}/steps"), "length", "must have at most 20 steps");
        }
    }
}

impl Prices {
    /// The rows that the prices make, once every field was checked.
    fn rows(&self, currency: Currency, known: &HashSet<Uuid>) -> Result<Vec<Set>, Problem> {
        let mut checks = Checks::default();
        let mut rows = Vec::new();
        for (place, price) in self.prices.iter().enumerate() {
            let product = price.product_id.uuid();
            let at = format!("/prices/{place}");
            let message = "must be a product of the vendor";
            checks.check(
                known.contains(&product),
                &format!("{at}/product_id"),
                "unknown_product",
                message,
            );
            let mut quantities = HashSet::new();
            for (place, step) in price.steps.iter().enumerate() {
                let at = format!("{at}/steps/{place}");
                let from = format!("{at}/min_quantity");
                let min_quantity = quantity(&mut checks, &from, step.min_quantity.as_deref());
                checks.check(
                    quantities.insert(min_quantity),
                    &from,
                    "duplicate",
                    "another step begins here",
                );
                let amount = checks.money(&format!("{at}/unit_amount"), &step.unit_amount, currency);
                rows.extend(amount.map(|unit_amount| Set {
                    product,
                    min_quantity,
                    unit_amount,
                }));
            }
        }
        checks.done()?;
        Ok(rows)
    }
}

fn quantity(checks: &mut Checks, pointer: &str, text: Option<&str>) -> Decimal {
    let Some(text) = text else { return Decimal::ZERO };
    let number = parse_decimal(text).ok().map(|number| number.normalize());
    let number = number.filter(|n| !text.starts_with('-') && n.scale() <= 4 && *n <= LARGEST_QUANTITY);
    if number.is_none() {
        checks.refuse(
            pointer,
            "decimal",
            "must be from 0 to 9999999999, with at most 4 decimals",
        );
    }
    number.unwrap_or_default()
}

/// Set prices of a list
///
/// Each product named gets these prices in the place of those that it had in the list.
#[utoipa::path(put, path = "/api/v1/price-lists/{id}/prices", operation_id = "setPrices", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the price list", example = "plist_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the list that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Prices, example = json!({"prices": [{"product_id": "prod_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "steps": [{"unit_amount": "349.50"}, {"min_quantity": "10", "unit_amount": "329.00"}]}]})),
    responses((status = 200, description = "the price list", body = PriceList, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn set_prices(
    ManagedList { actor, vendor, id }: ManagedList,
    if_match: IfMatch,
    command: Command<Prices>,
) -> Result<Reply, Problem> {
    let (prices, mut command) = command.take();
    let tx = &mut command.tx;
    let list = rows::lock(tx, vendor, id).await?;
    if_match.check(list.version)?;
    let currency = Currency::from_code(&list.currency).ok_or_else(|| Problem::internal("a list has no currency"))?;
    let named: Vec<Uuid> = prices.prices.iter().map(|price| price.product_id.uuid()).collect();
    let known = sqlx::query_scalar!(
        "SELECT id FROM product WHERE vendor_id = $1 AND id = ANY ($2)",
        vendor.uuid(),
        &named
    );
    let known = known.fetch_all(&mut **tx).await?.into_iter().collect();
    let set = prices.rows(currency, &known)?;
    store(tx, &list, vendor.uuid(), &named, &set).await?;
    rows::touch(tx, id).await?;
    let list = rows::find(tx, vendor, id).await?;
    announce(tx, &actor, vendor, &list, PricesSet).await?;
    command.commit(Reply::ok(&list)?.version(list.version)).await
}

async fn store(tx: &mut Tx, list: &PriceList, vendor: Uuid, named: &[Uuid], set: &[Set]) -> Result<(), Problem> {
    let list = list.id.uuid();
    sqlx::query!(
        "DELETE FROM price WHERE price_list_id = $1 AND product_id = ANY ($2)",
        list,
        named
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO price (price_list_id, vendor_id, product_id, min_quantity, unit_amount)
         SELECT $1, $2, p.product, p.min_quantity, p.unit_amount
         FROM unnest($3::uuid[], $4::numeric[], $5::numeric[]) p (product, min_quantity, unit_amount)",
        list,
        vendor,
        &set.iter().map(|one| one.product).collect::<Vec<_>>(),
        &set.iter().map(|one| one.min_quantity).collect::<Vec<_>>(),
        &set.iter().map(|one| one.unit_amount).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A price in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ListPrice {
    /// The product.
    product_id: ProductId,
    /// The vendor's own number of it.
    #[schema(example = "EG-200")]
    sku: String,
    /// Its name.
    #[schema(example = "Edge gateway")]
    name: String,
    /// From this quantity on.
    #[schema(example = "0")]
    min_quantity: Decimal,
    /// The price of one.
    #[schema(example = "349.50")]
    unit_amount: Decimal,
}

/// List the prices of a price list
///
/// One row a product and quantity, by product.
#[utoipa::path(get, path = "/api/v1/price-lists/{id}/prices", operation_id = "listPriceListPrices", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(("id" = String, Path, description = "the price list", example = "plist_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of prices", body = Page<ListPrice>)))]
pub(super) async fn list_price_list_prices(
    State(app): State<App>,
    ManagedList { id, .. }: ManagedList,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("prices of {id}");
    let paging = Paging::<(Uuid, Decimal)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (product, quantity) = paging.after.unzip();
    let rows = sqlx::query_as!(
        ListPrice,
        r#"SELECT e.product_id AS "product_id: ProductId", p.sku, p.name, e.min_quantity, e.unit_amount
           FROM price e JOIN product p ON p.id = e.product_id
           WHERE e.price_list_id = $1 AND ($2::uuid IS NULL OR (e.product_id, e.min_quantity) > ($2, $3::numeric))
           ORDER BY e.product_id, e.min_quantity LIMIT $4"#,
        id.uuid(),
        product,
        quantity,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    let key = |row: &ListPrice| (row.product_id.uuid(), row.min_quantity);
    Ok(paging.page(&app.cursors, rows, key, |row| ListPrice {
        min_quantity: row.min_quantity.normalize(),
        ..row
    }))
}
