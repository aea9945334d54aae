use axum::{extract::State, response::IntoResponse};
use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId, PriceListId, ProductId, ProgramId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery},
    identity::ActingFor,
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::lines::{self, Buyer, Market};
use super::list::vendor_of;
use super::pricing::{Audience, Priced, price};
use super::rows::{self, Wanted};
use super::{Product, ProductStatus};

/// Which prices.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceQuery {
    /// The vendor whose prices; needed by a partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// For a vendor: the partner whose prices to show. Without one, those that are for everyone.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only prices in this currency (ISO 4217).
    #[param(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// The day that they are for; today when left out.
    on: Option<NaiveDate>,
    /// Only products whose name begins like this, in capitals or not.
    #[param(example = "edge")]
    q: Option<String>,
    /// Products a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A product with the prices that apply.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PricedProduct {
    /// The product.
    product_id: ProductId,
    /// The vendor's own number of it.
    #[schema(example = "EG-200")]
    sku: String,
    /// Its name.
    #[schema(example = "Edge gateway")]
    name: String,
    /// What a quantity counts.
    #[schema(example = "unit")]
    unit: String,
    /// Its prices by currency; none when no list that applies has it.
    prices: Vec<CurrencyPrice>,
}

/// The price of a product in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CurrencyPrice {
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// By quantity, ascending.
    steps: Vec<PriceStep>,
    /// What gave it.
    rule: PriceRule,
}

/// The price of one, from a quantity on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceStep {
    /// From this quantity on.
    #[schema(example = "10")]
    min_quantity: Decimal,
    /// The list price of one.
    #[schema(example = "349.50")]
    list_amount: Decimal,
    /// The price of one for a registered deal, rounded half to even at the currency's minor unit.
    #[schema(example = "297.08")]
    unit_amount: Decimal,
}

/// What gave a price.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceRule {
    /// The list.
    price_list_id: PriceListId,
    /// The list's name.
    #[schema(example = "Gold 2027")]
    price_list: String,
    /// The tier that the list is for; `null` for every tier.
    tier: Option<Tier>,
    /// The program that the list is for; `null` for every program.
    program_id: Option<ProgramId>,
    /// The discount for registered deals, if one applies.
    discount: Option<RuleDiscount>,
}

/// The discount that applies, and what it is for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RuleDiscount {
    /// Off the list price.
    #[schema(example = "15.00")]
    percent: Decimal,
    /// Whether it is for this product alone.
    for_product: bool,
    /// The family that it is for.
    family: Option<String>,
    /// The tier that it is for; `null` for every tier.
    tier: Option<Tier>,
}

/// List the prices that apply
///
/// The active products with the price of one for the asking partner: by its tier and program, never another's. Each
/// says which list gave it and which deal-registration discount is taken off. A vendor sees those of a partner that it
/// names, or those that are for everyone.
#[utoipa::path(get, path = "/api/v1/prices", operation_id = "listPrices", tag = "catalogue",
    security(("bearer" = ["catalogue:read"])), params(PriceQuery),
    responses((status = 200, description = "one page of products with their prices", body = Page<PricedProduct>),
        (status = 404, description = "`not_found`: no such vendor or partner to see", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn list_prices(
    State(app): State<App>,
    May { org, .. }: May<right::CatalogueRead>,
    ValidQuery(query): ValidQuery<PriceQuery>,
) -> Result<impl IntoResponse, Problem> {
    let audience = audience(&app, org, &query).await?;
    let on = query.on.unwrap_or_else(|| app.clock.now().date_naive());
    let begins = query.q.clone().unwrap_or_default();
    let scope = format!("prices {} {audience:?} {:?} {on} {begins:?}", org.id, query.currency);
    let paging = Paging::<(String, Uuid)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted {
        vendor: audience.vendor,
        status: Some(ProductStatus::Active),
        family: None,
        sku: None,
        begins: &begins,
        after: paging.after.clone(),
        limit: paging.fetch(),
    };
    let products = rows::page(app.db.pool(), &wanted).await?;
    let ids: Vec<Uuid> = products.iter().map(|product| product.id.uuid()).collect();
    let mut conn = app.db.pool().acquire().await?;
    let market = lines::market(&mut conn, &audience, query.currency, on, &ids).await?;
    let key = |row: &Product| (row.name.clone(), row.id.uuid());
    Ok(paging.page(&app.cursors, products, key, |product| {
        priced(&audience, product, &market)
    }))
}

async fn audience(app: &App, org: ActingFor, query: &PriceQuery) -> Result<Audience, Problem> {
    let vendor = vendor_of(app, org, query.vendor_id).await?;
    let partner = match (org.kind, query.partner_id) {
        (OrgKind::Partner, Some(other)) if other != org.id => return Err(Problem::not_found()),
        (OrgKind::Partner, _) => org.id,
        (OrgKind::Vendor, Some(partner)) => partner,
        (OrgKind::Vendor, None) => {
            return Ok(Audience {
                vendor,
                tier: None,
                program: None,
            });
        }
    };
    let mut conn = app.db.pool().acquire().await?;
    let buyer = Buyer { vendor, partner };
    lines::audience(&mut conn, &buyer).await?.ok_or_else(Problem::not_found)
}

fn priced(audience: &Audience, product: Product, market: &Market) -> PricedProduct {
    let entries = market.entries.get(&product.id.uuid()).map_or(&[][..], Vec::as_slice);
    let key = (product.id, product.family.as_deref());
    let prices = market.currencies().into_iter().filter_map(|currency| {
        let priced = price(audience, key, currency, &market.lists, entries)?;
        Some(currency_price(currency, &priced))
    });
    PricedProduct {
        prices: prices.collect(),
        product_id: product.id,
        sku: product.sku,
        name: product.name,
        unit: product.unit,
    }
}

fn currency_price(currency: Currency, priced: &Priced<'_>) -> CurrencyPrice {
    let steps = priced.steps.iter().map(|step| PriceStep {
        min_quantity: step.min_quantity.normalize(),
        list_amount: step.list_amount,
        unit_amount: step.unit_amount,
    });
    CurrencyPrice {
        currency: currency.code().to_owned(),
        steps: steps.collect(),
        rule: PriceRule {
            price_list_id: priced.list.id,
            price_list: priced.list.name.clone(),
            tier: priced.list.tier,
            program_id: priced.list.program,
            discount: priced.discount.map(|discount| RuleDiscount {
                percent: discount.percent,
                for_product: discount.product.is_some(),
                family: discount.family.clone(),
                tier: discount.tier,
            }),
        },
    }
}
