//! What the catalogue announces, to the vendor alone: a partner's prices are its own, and it asks for them.

use guildhall_kernel::{OrgId, PriceListId, ProductId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Product, ProductStatus};

/// A product right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProductNow {
    /// The product.
    pub product_id: ProductId,
    /// Whose product.
    pub vendor_id: OrgId,
    /// The vendor's own number of it.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// Whether it is sold.
    pub status: ProductStatus,
    /// Its version after the change.
    pub version: i64,
}

impl From<&Product> for ProductNow {
    fn from(product: &Product) -> Self {
        Self {
            product_id: product.id,
            vendor_id: product.vendor_id,
            sku: product.sku.clone(),
            name: product.name.clone(),
            status: product.status,
            version: product.version,
        }
    }
}

/// A price list right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PriceListNow {
    /// The price list.
    pub price_list_id: PriceListId,
    /// Whose list.
    pub vendor_id: OrgId,
    /// Its name.
    pub name: String,
    /// Its version after the change.
    pub version: i64,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($facts:ident) = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub $facts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Catalogue;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)* EventDoc::of::<ProductsImported>()];
    };
}

events! {
    /// A product was added.
    ProductCreated(ProductNow) = "product.created";
    /// A product was changed.
    ProductChanged(ProductNow) = "product.changed";
    /// A product is sold no longer.
    ProductRetired(ProductNow) = "product.retired";
    /// A product is sold again.
    ProductReactivated(ProductNow) = "product.reactivated";
    /// A price list was made.
    PriceListCreated(PriceListNow) = "price_list.created";
    /// A price list's name or dates were changed.
    PriceListChanged(PriceListNow) = "price_list.changed";
    /// Prices of a list were set or removed.
    PricesSet(PriceListNow) = "price_list.prices_set";
    /// The deal-registration discounts of a list were set.
    DiscountsSet(PriceListNow) = "price_list.discounts_set";
}

/// Products were taken over from elsewhere, many at once.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ProductsImported {
    /// Whose products.
    pub vendor_id: OrgId,
    /// How many are new.
    pub created: usize,
    /// How many are others than before.
    pub changed: usize,
}

impl Event for ProductsImported {
    const KIND: &'static str = "product.imported";
    const TOPIC: Topic = Topic::Catalogue;
}
