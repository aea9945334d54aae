//! The catalogue: what a vendor sells, and at what price to whom.
//!
//! A partner in an active partnership reads the active products and the prices that apply to it: never those of another
//! tier or program.

mod access;
mod change;
mod create;
pub mod events;
mod export;
mod get;
mod lines;
mod list;
mod price_lists;
mod prices;
pub mod pricing;
mod retire;
mod rows;
mod upsert;

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, ProductId};
use guildhall_spine::{App, http::Checks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use events::EVENTS;
pub(crate) use lines::{Buyer, fill, named};
pub use upsert::{ProductRecord, Upserted, check_product, upsert_products};

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_products, create::create_product))
        .routes(routes!(export::export_products))
        .routes(routes!(get::get_product, change::change_product))
        .routes(routes!(retire::retire_product))
        .routes(routes!(retire::reactivate_product))
        .routes(routes!(prices::list_prices))
        .merge(price_lists::routes())
}

/// Whether a product is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ProductStatus {
    /// It is.
    Active,
    /// It was: what was registered with it keeps it, nothing new takes it.
    Retired,
}

impl ProductStatus {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// Something that a vendor sells.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Product {
    /// Its id.
    pub(crate) id: ProductId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Whose product.
    pub(crate) vendor_id: OrgId,
    /// The vendor's own number of it, unique with the vendor.
    #[schema(example = "EG-200")]
    pub(crate) sku: String,
    /// Its name.
    #[schema(example = "Edge gateway")]
    pub(crate) name: String,
    /// The family that it is of.
    #[schema(example = "Gateways")]
    pub(crate) family: Option<String>,
    /// What it is.
    pub(crate) description: Option<String>,
    /// What a quantity counts.
    #[schema(example = "unit")]
    pub(crate) unit: String,
    /// Whether it is sold to new customers.
    pub(crate) for_new_business: bool,
    /// Whether it is sold as a renewal.
    pub(crate) for_renewal: bool,
    /// Whether it is a service.
    pub(crate) is_service: bool,
    /// Whether it is sold.
    pub(crate) status: ProductStatus,
    /// When it was added.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a product is, as the vendor says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct ProductFacts {
    pub(crate) sku: String,
    pub(crate) name: String,
    pub(crate) family: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) unit: String,
    pub(crate) for_new_business: bool,
    pub(crate) for_renewal: bool,
    pub(crate) is_service: bool,
}

impl ProductFacts {
    /// Notes every fault.
    pub(crate) fn check(&self, checks: &mut Checks) {
        checks.text("/sku", &self.sku, 1, 64, false);
        checks.text("/name", &self.name, 1, 200, false);
        if let Some(family) = &self.family {
            checks.text("/family", family, 1, 100, false);
        }
        if let Some(description) = &self.description {
            checks.text("/description", description, 1, 2000, true);
        }
        checks.text("/unit", &self.unit, 1, 40, false);
        let sold = self.for_new_business || self.for_renewal || self.is_service;
        let message = "one of for_new_business, for_renewal and is_service must be true";
        checks.check(sold, "/for_new_business", "unsellable", message);
        let trimmed = self.sku.trim() == self.sku;
        checks.check(trimmed, "/sku", "white_space", "must not begin or end with white space");
    }
}
