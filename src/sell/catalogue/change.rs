use guildhall_kernel::Patch;
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedProduct;
use super::events::{ProductChanged, ProductNow};
use super::{Product, ProductFacts, rows};

/// What to change of a product; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductPatch {
    /// Unique with the vendor, 1 to 64 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "EG-200")]
    sku: Patch<String>,
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Edge gateway")]
    name: Patch<String>,
    /// 1 to 100 characters; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Gateways")]
    family: Patch<String>,
    /// 1 to 2000 characters; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// 1 to 40 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "unit")]
    unit: Patch<String>,
    /// Whether it is sold to new customers.
    #[serde(default)]
    #[schema(value_type = bool)]
    for_new_business: Patch<bool>,
    /// Whether it is sold as a renewal.
    #[serde(default)]
    #[schema(value_type = bool)]
    for_renewal: Patch<bool>,
    /// Whether it is a service.
    #[serde(default)]
    #[schema(value_type = bool)]
    is_service: Patch<bool>,
}

/// Beyond this, the handler checks the whole that the change makes of the product.
impl Validate for ProductPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/sku", &self.sku);
        checks.kept("/name", &self.name);
        checks.kept("/unit", &self.unit);
        checks.kept("/for_new_business", &self.for_new_business);
        checks.kept("/for_renewal", &self.for_renewal);
        checks.kept("/is_service", &self.is_service);
    }
}

impl ProductPatch {
    fn over(self, product: ProductFacts) -> ProductFacts {
        ProductFacts {
            sku: self.sku.or(product.sku),
            name: self.name.or(product.name).trim().to_owned(),
            family: self.family.over(product.family),
            description: self.description.over(product.description),
            unit: self.unit.or(product.unit),
            for_new_business: self.for_new_business.or(product.for_new_business),
            for_renewal: self.for_renewal.or(product.for_renewal),
            is_service: self.is_service.or(product.is_service),
        }
    }
}

impl Product {
    fn facts(&self) -> ProductFacts {
        ProductFacts {
            sku: self.sku.clone(),
            name: self.name.clone(),
            family: self.family.clone(),
            description: self.description.clone(),
            unit: self.unit.clone(),
            for_new_business: self.for_new_business,
            for_renewal: self.for_renewal,
            is_service: self.is_service,
        }
    }
}

/// Change a product
///
/// What was registered with it keeps the name that it had. A request that changes nothing leaves the version as it is.
#[utoipa::path(patch, path = "/api/v1/products/{id}", operation_id = "changeProduct", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the product", example = "prod_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the product that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = ProductPatch, example = json!({"name": "Edge gateway 2", "description": null})),
    responses((status = 200, description = "the product as changed", body = Product, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_product(
    ManagedProduct { actor, vendor, id }: ManagedProduct,
    if_match: IfMatch,
    command: Command<ProductPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let product = rows::lock(&mut command.tx, vendor, id).await?;
    if_match.check(product.version)?;
    let stored = product.facts();
    let facts = patch.over(stored.clone());
    if facts == stored {
        return command.commit(Reply::ok(&product)?.version(product.version)).await;
    }
    let mut checks = Checks::default();
    facts.check(&mut checks);
    checks.done()?;
    let product = rows::rewrite(&mut command.tx, id, &facts).await?;
    let changed = ProductChanged(ProductNow::from(&product));
    event::append(&mut command.tx, &actor.origin(), id, &[vendor.uuid()], &changed).await?;
    command.commit(Reply::ok(&product)?.version(product.version)).await
}
