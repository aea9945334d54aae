//! Products and what they cost.

use chrono::{Datelike, NaiveDate, TimeDelta};
use guildhall_kernel::{Currency, Money, OrgId, PriceListId};
use guildhall_sell::api::{ProductRecord, upsert_products};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;

use super::{Teller, origin};
use crate::demo::{
    DemoFault,
    vocabulary::{CULTURES, Catalogue, Product},
    world::{Vendor, World},
};

/// Name, currency, tier and hundredths of the list price.
const LISTS: &[(&str, &str, Option<&str>, i64)] = &[
    ("List prices, euro", "EUR", None, 100),
    ("List prices, US dollar", "USD", None, 100),
    ("Gold partners, euro", "EUR", Some("gold"), 85),
];

/// Puts the vendor's products into its catalogue, with their prices.
pub(super) async fn publish(teller: &mut Teller<'_>, world: &World, vendor: &Vendor) -> Result<(), DemoFault> {
    teller.at(world.day - TimeDelta::days(300));
    let by = origin(vendor.managers.first().copied(), vendor.org.id);
    let records: Vec<ProductRecord> = vendor.catalogue.products.iter().enumerate().map(record).collect();
    upsert_products(teller.tx, &by, vendor.org.id, &records).await?;
    let from = world.day - TimeDelta::days(300);
    let from = NaiveDate::from_ymd_opt(from.year(), 1, 1).unwrap_or_else(|| from.date_naive());
    for list in LISTS {
        price(teller, vendor.org.id, vendor.catalogue, list, from).await?;
    }
    Ok(())
}

fn record((place, product): (usize, &Product)) -> ProductRecord {
    let service = ["day", "project", "Services"]
        .iter()
        .any(|word| product.name.ends_with(word));
    let (name, unit) = product.name.split_once(", ").unwrap_or((product.name, "unit"));
    let family = if service {
        "Services"
    } else if unit == "unit" {
        "Products"
    } else {
        "Subscriptions"
    };
    ProductRecord {
        sku: format!("{}-{:03}", initials(name), (place + 1) * 10),
        name: product.name.to_owned(),
        family: Some(family.to_owned()),
        description: None,
        unit: unit.to_owned(),
        for_new_business: true,
        for_renewal: family == "Subscriptions",
        is_service: service,
    }
}

fn initials(name: &str) -> String {
    let firsts = name.split(' ').filter_map(|word| word.chars().next());
    firsts.filter(char::is_ascii_uppercase).collect()
}

async fn price(
    teller: &mut Teller<'_>,
    vendor: OrgId,
    catalogue: &Catalogue,
    (name, currency, tier, hundredths): &(&str, &str, Option<&str>, i64),
    from: NaiveDate,
) -> Result<(), DemoFault> {
    let id: PriceListId = teller.tx.new_id();
    let at = teller.tx.now();
    sqlx::query!(
        "INSERT INTO price_list (id, vendor_id, name, currency, tier, valid_from, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        id.uuid(),
        vendor.uuid(),
        *name,
        *currency,
        *tier,
        from,
        at,
    )
    .execute(&mut **teller.tx)
    .await?;
    let products = catalogue.products.iter();
    let (names, amounts): (Vec<String>, Vec<Decimal>) = products
        .map(|product| {
            let amount = amount(product, currency, *hundredths)?;
            Ok((product.name.to_owned(), amount))
        })
        .collect::<Result<Vec<_>, Problem>>()?
        .into_iter()
        .unzip();
    sqlx::query!(
        "INSERT INTO price (price_list_id, product_id, vendor_id, min_quantity, unit_amount)
         SELECT $1, p.id, $2, 0, g.amount
         FROM unnest($3::text[], $4::numeric[]) g (name, amount) JOIN product p ON p.vendor_id = $2 AND p.name = g.name",
        id.uuid(),
        vendor.uuid(),
        &names,
        &amounts,
    )
    .execute(&mut **teller.tx)
    .await?;
    Ok(())
}

fn amount(product: &Product, currency: &str, hundredths: i64) -> Result<Decimal, Problem> {
    let countries = CULTURES.iter().flat_map(|culture| culture.countries);
    let rate = countries
        .filter(|country| country.currency == currency)
        .map(|country| country.per_hundred_dollars)
        .next();
    let known = Currency::from_code(currency).zip(rate);
    let (currency, rate) = known.ok_or_else(|| Problem::internal("a price list of the demo has no currency"))?;
    let list = Decimal::new(i64::from(product.dollars) * i64::from(rate) * hundredths, 4);
    Ok(Money::new(list, currency).rounded().amount)
}
