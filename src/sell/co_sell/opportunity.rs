//! The opportunity of a shared opportunity as it is sent, and where it comes from when a deal is shared.

use chrono::{Days, NaiveDate};
use guildhall_kernel::{CoSellId, Currency, OrgId, ProductId, parse_decimal};
use guildhall_spine::{
    db::Tx,
    http::{Checks, Problem},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::catalogue;
use crate::deals::wire::DealContact;

/// An opportunity that isn't registered as a deal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellOpportunity)]
pub(super) struct Opportunity {
    /// The customer's name, 1 to 200 characters.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(super) customer_name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(super) customer_country: String,
    /// People at the customer, at most 20; for those who have joined.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(super) contacts: Vec<DealContact>,
    /// What is to be sold, 1 to 100 lines.
    #[schema(min_items = 1, max_items = 100)]
    pub(super) products: Vec<ProductDraft>,
    /// What it is worth, with no more decimals than the currency has.
    #[schema(example = "13980.00")]
    pub(super) amount: String,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    pub(super) currency: Currency,
    /// When the customer is expected to sign: not in the past, at most three years ahead.
    pub(super) expected_close: NaiveDate,
}

/// What is to be sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellProductDraft)]
pub(super) struct ProductDraft {
    /// An active product of the vendor's catalogue.
    #[serde(default)]
    product_id: Option<ProductId>,
    /// The product in words, 1 to 200 characters; as in the catalogue when left out beside a product_id.
    #[serde(default)]
    #[schema(example = "Edge gateway")]
    name: Option<String>,
    /// How many: more than 0, at most 4 decimals.
    #[schema(example = "40")]
    quantity: String,
}

impl ProductDraft {
    fn quantity(&self) -> Option<Decimal> {
        let quantity = parse_decimal(&self.quantity).ok()?.normalize();
        let largest = Decimal::from(9_999_999_999_u64);
        (quantity > Decimal::ZERO && quantity.scale() <= 4 && quantity <= largest).then_some(quantity)
    }
}

impl Opportunity {
    /// Notes every fault that needs no look at the database.
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.text("/opportunity/customer_name", &self.customer_name, 1, 200, false);
        checks.country("/opportunity/customer_country", &self.customer_country);
        checks.money("/opportunity/amount", &self.amount, self.currency);
        let few = self.contacts.len() <= 20;
        checks.check(few, "/opportunity/contacts", "length", "must have at most 20 contacts");
        for (place, contact) in self.contacts.iter().enumerate().take(20) {
            let at = |field: &str| format!("/opportunity/contacts/{place}/{field}");
            checks.text(&at("name"), &contact.name, 1, 200, false);
            checks.email(&at("email"), &contact.email);
            if let Some(title) = &contact.title {
                checks.text(&at("title"), title, 1, 200, false);
            }
            if let Some(phone) = &contact.phone {
                checks.text(&at("phone"), phone, 1, 40, false);
            }
        }
        let few = (1..=100).contains(&self.products.len());
        checks.check(few, "/opportunity/products", "length", "must have 1 to 100 lines");
        for (place, line) in self.products.iter().enumerate().take(100) {
            let at = |field: &str| format!("/opportunity/products/{place}/{field}");
            if let Some(name) = &line.name {
                checks.text(&at("name"), name, 1, 200, false);
            }
            let named = line.name.is_some() || line.product_id.is_some();
            let message = "is needed, unless product_id names a product of the catalogue";
            checks.check(named, &at("name"), "missing", message);
            let message = "must be more than 0 and at most 9999999999, with at most 4 decimals";
            checks.check(line.quantity().is_some(), &at("quantity"), "quantity", message);
        }
    }

    /// Stores the lines and the contacts.
    pub(super) async fn store(&self, tx: &mut Tx, id: CoSellId, vendor: OrgId) -> Result<(), Problem> {
        let named: Vec<Uuid> = self
            .products
            .iter()
            .filter_map(|one| Some(one.product_id?.uuid()))
            .collect();
        let known = catalogue::named(tx, vendor, &named).await?;
        let mut checks = Checks::default();
        let mut names = Vec::with_capacity(self.products.len());
        for (place, line) in self.products.iter().enumerate() {
            let found = line.product_id.map(|id| known.get(&id.uuid()));
            let pointer = format!("/opportunity/products/{place}/product_id");
            let message = "must be an active product of the vendor: GET /api/v1/products lists them";
            checks.check(found != Some(None), &pointer, "unknown_product", message);
            let listed = found.flatten().map(|(name, _)| name.clone());
            names.push(line.name.clone().or(listed).unwrap_or_default());
        }
        checks.done()?;
        let products = &self.products;
        let text = |field: fn(&DealContact) -> Option<&String>| {
            let texts = self.contacts.iter().map(|one| field(one).cloned().unwrap_or_default());
            texts.collect::<Vec<_>>()
        };
        sqlx::query!(
            "WITH lines AS (
                 INSERT INTO co_sell_product (co_sell_id, no, product_id, name, quantity)
                 SELECT $1, l.no, l.product_id, l.name, l.quantity
                 FROM unnest($2::uuid[], $3::text[], $4::numeric[]) WITH ORDINALITY l (product_id, name, quantity, no)
             )
             INSERT INTO co_sell_contact (co_sell_id, no, name, title, email, phone)
             SELECT $1, c.no, c.name, nullif(c.title, ''), c.email, nullif(c.phone, '')
             FROM unnest($5::text[], $6::text[], $7::text[], $8::text[])
                  WITH ORDINALITY c (name, title, email, phone, no)",
            id.uuid(),
            &products
                .iter()
                .map(|one| one.product_id.map(ProductId::uuid))
                .collect::<Vec<_>>() as _,
            &names,
            &products
                .iter()
                .map(|one| one.quantity().unwrap_or(Decimal::ONE))
                .collect::<Vec<_>>(),
            &text(|one| Some(&one.name)),
            &text(|one| one.title.as_ref()),
            &text(|one| Some(&one.email)),
            &text(|one| one.phone.as_ref()),
        )
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// One day of grace: west of Greenwich it is still yesterday.
pub(super) fn check_close(checks: &mut Checks, pointer: &str, close: NaiveDate, today: NaiveDate) {
    let (first, last) = (today - Days::new(1), today + Days::new(3 * 366));
    if !(first..=last).contains(&close) {
        checks.refuse(pointer, "date", format!("must be from {today} to {last}"));
    }
}
