use std::collections::HashSet;

use guildhall_kernel::{ProductId, parse_decimal};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::events::DiscountsSet;
use super::{PriceList, access::ManagedList, announce, rows};

const MOST: usize = 200;

/// The discounts of a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListDiscounts)]
pub(super) struct Discounts {
    /// All of them, at most 200; `[]` leaves none.
    #[schema(max_items = 200)]
    discounts: Vec<DiscountDraft>,
}

/// What a registered deal gets off the list price: for a product, a family or everything, and for a tier or all.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListDiscountDraft)]
pub(super) struct DiscountDraft {
    /// The product that it is for.
    #[serde(default)]
    product_id: Option<ProductId>,
    /// The family that it is for, instead of a product; 1 to 100 characters.
    #[serde(default)]
    family: Option<String>,
    /// The tier that it is for; every tier when left out.
    #[serde(default)]
    tier: Option<Tier>,
    /// Off the list price: more than 0, at most 100, with at most 2 decimals.
    #[schema(example = "15.00")]
    percent: String,
}

impl DiscountDraft {
    fn percent(&self) -> Option<Decimal> {
        let percent = parse_decimal(&self.percent).ok()?.normalize();
        let fits = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED && percent.scale() <= 2;
        fits.then_some(percent)
    }
}

impl Validate for Discounts {
    fn validate(&self, checks: &mut Checks) {
        let few = self.discounts.len() <= MOST;
        checks.check(few, "/discounts", "length", "must have at most 200 discounts");
        let mut seen = HashSet::new();
        for (place, one) in self.discounts.iter().enumerate() {
            let at = format!("/discounts/{place}");
            if let Some(family) = &one.family {
                checks.text(&format!("{at}/family"), family, 1, 100, false);
            }
            let single = one.product_id.is_none() || one.family.is_none();
            checks.check(
                single,
                &format!("{at}/family"),
                "not_allowed",
                "is instead of a product",
            );
            let message = "must be more than 0 and at most 100, with at most 2 decimals, like \"12.50\"";
            checks.check(one.percent().is_some(), &format!("{at}/percent"), "percent", message);
            let fresh = seen.insert((one.product_id, &one.family, one.tier));
            checks.check(fresh, &at, "duplicate", "another discount is for the same");
        }
    }
}

/// Set the discounts of a list
///
/// These in the place of those that the list had.
#[utoipa::path(put, path = "/api/v1/price-lists/{id}/discounts", operation_id = "setDiscounts", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the price list", example = "plist_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the list that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Discounts, example = json!({"discounts": [{"family": "Gateways", "tier": "gold", "percent": "15.00"}]})),
    responses((status = 200, description = "the price list", body = PriceList, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn set_discounts(
    ManagedList { actor, vendor, id }: ManagedList,
    if_match: IfMatch,
    command: Command<Discounts>,
) -> Result<Reply, Problem> {
    let (discounts, mut command) = command.take();
    let tx = &mut command.tx;
    let list = rows::lock(tx, vendor, id).await?;
    if_match.check(list.version)?;
    refuse_strangers(tx, vendor.uuid(), &discounts).await?;
    store(tx, &list, vendor.uuid(), &discounts).await?;
    rows::touch(tx, id).await?;
    let list = rows::find(tx, vendor, id).await?;
    announce(tx, &actor, vendor, &list, DiscountsSet).await?;
    command.commit(Reply::ok(&list)?.version(list.version)).await
}

async fn refuse_strangers(tx: &mut Tx, vendor: uuid::Uuid, discounts: &Discounts) -> Result<(), Problem> {
    let named: Vec<_> = discounts.discounts.iter().filter_map(|one| one.product_id).collect();
    let known = sqlx::query_scalar!(
        "SELECT id FROM product WHERE vendor_id = $1 AND id = ANY ($2)",
        vendor,
        &named.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut checks = Checks::default();
    for (place, one) in discounts.discounts.iter().enumerate() {
        let held = one.product_id.is_none_or(|id| known.contains(&id.uuid()));
        let pointer = format!("/discounts/{place}/product_id");
        checks.check(held, &pointer, "unknown_product", "must be a product of the vendor");
    }
    checks.done()
}

async fn store(tx: &mut Tx, list: &PriceList, vendor: uuid::Uuid, discounts: &Discounts) -> Result<(), Problem> {
    let all = &discounts.discounts;
    let id = list.id.uuid();
    sqlx::query!("DELETE FROM registration_discount WHERE price_list_id = $1", id)
        .execute(&mut **tx)
        .await?;
    sqlx::query!(
        "INSERT INTO registration_discount (price_list_id, vendor_id, no, product_id, family, tier, percent)
         SELECT $1, $2, d.no, d.product, nullif(d.family, ''), nullif(d.tier, ''), d.percent
         FROM unnest($3::uuid[], $4::text[], $5::text[], $6::numeric[])
              WITH ORDINALITY d (product, family, tier, percent, no)",
        id,
        vendor,
        &all.iter()
            .map(|one| one.product_id.map(ProductId::uuid))
            .collect::<Vec<_>>() as _,
        &all.iter()
            .map(|one| one.family.clone().unwrap_or_default())
            .collect::<Vec<_>>(),
        &all.iter()
            .map(|one| one.tier.map_or("", Tier::as_str).to_owned())
            .collect::<Vec<_>>(),
        &all.iter()
            .map(|one| one.percent().unwrap_or_default())
            .collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
