//! Price lists: for whom, in which currency and when; their prices and their discounts for registered deals.
//!
//! For the vendor's eyes alone: a partner asks for the prices that apply to it.

mod access;
mod change;
mod create;
mod get;
mod list;
mod rows;
mod set_discounts;
mod set_prices;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use guildhall_kernel::{Currency, OrgId, PriceListId, ProductId, ProgramId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Event},
    http::{Checks, Problem},
    identity::Actor,
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::events::PriceListNow;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_price_lists, create::create_price_list))
        .routes(routes!(get::get_price_list, change::change_price_list))
        .routes(routes!(set_prices::list_price_list_prices, set_prices::set_prices))
        .routes(routes!(set_discounts::set_discounts))
}

/// A price list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PriceList {
    /// Its id.
    pub(super) id: PriceListId,
    /// Rises with each change of the list, its prices or its discounts; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// Its name.
    #[schema(example = "Gold 2027")]
    pub(super) name: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// The tier that it is for; `null` for every tier.
    pub(super) tier: Option<Tier>,
    /// The program that it is for; `null` for every program.
    pub(super) program_id: Option<ProgramId>,
    /// The first day that it is valid.
    pub(super) valid_from: NaiveDate,
    /// The last day; `null` while there is no end.
    pub(super) valid_to: Option<NaiveDate>,
    /// The discounts for registered deals.
    pub(super) discounts: Vec<RegistrationDiscount>,
    /// When it was made.
    pub(super) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}

/// What a registered deal gets off the list price. The most particular rule of a list applies.
#[derive(Debug, Serialize, serde::Deserialize, ToSchema)]
pub(super) struct RegistrationDiscount {
    /// The product that it is for.
    pub(super) product_id: Option<ProductId>,
    /// The family that it is for.
    pub(super) family: Option<String>,
    /// The tier that it is for; `null` for every tier.
    pub(super) tier: Option<Tier>,
    /// Off the list price.
    #[schema(example = "15.00")]
    pub(super) percent: Decimal,
}

/// What a price list is, as the vendor says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ListFacts {
    pub(super) name: String,
    pub(super) currency: Currency,
    pub(super) tier: Option<Tier>,
    pub(super) program_id: Option<ProgramId>,
    pub(super) valid_from: NaiveDate,
    pub(super) valid_to: Option<NaiveDate>,
}

impl ListFacts {
    fn check(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 200, false);
        for (at, day) in [("/valid_from", Some(self.valid_from)), ("/valid_to", self.valid_to)] {
            let sound = day.is_none_or(|day| (1970..=9999).contains(&day.year()));
            checks.check(sound, at, "date", "must be from 1970 to 9999");
        }
        let ordered = self.valid_to.is_none_or(|last| last >= self.valid_from);
        checks.check(ordered, "/valid_to", "date", "must not be before valid_from");
    }
}

/// Announces a change of a list to its vendor.
async fn announce<E: Event>(
    tx: &mut Tx,
    actor: &Actor,
    vendor: OrgId,
    list: &PriceList,
    said: impl FnOnce(PriceListNow) -> E,
) -> Result<(), Problem> {
    let now = PriceListNow {
        price_list_id: list.id,
        vendor_id: vendor,
        name: list.name.clone(),
        version: list.version,
    };
    event::append(tx, &actor.origin(), list.id, &[vendor.uuid()], &said(now)).await?;
    Ok(())
}
