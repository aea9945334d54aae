use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{ProductCreated, ProductNow};
use super::{Product, ProductFacts, rows};

/// A product to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductDraft)]
pub(super) struct Draft {
    /// The vendor's own number of it, unique with the vendor, 1 to 64 characters.
    #[schema(example = "EG-200")]
    sku: String,
    /// Its name, 1 to 200 characters.
    #[schema(example = "Edge gateway")]
    name: String,
    /// The family that it is of, 1 to 100 characters.
    #[serde(default)]
    family: Option<String>,
    /// What it is, 1 to 2000 characters.
    #[serde(default)]
    description: Option<String>,
    /// What a quantity counts, 1 to 40 characters; `unit` when left out.
    #[serde(default)]
    unit: Option<String>,
    /// Whether it is sold to new customers; so unless told.
    #[serde(default)]
    for_new_business: Option<bool>,
    /// Whether it is sold as a renewal; so unless told.
    #[serde(default)]
    for_renewal: Option<bool>,
    /// Whether it is a service; not so unless told.
    #[serde(default)]
    is_service: Option<bool>,
}

impl Draft {
    fn facts(&self) -> ProductFacts {
        ProductFacts {
            sku: self.sku.clone(),
            name: self.name.trim().to_owned(),
            family: self.family.clone(),
            description: self.description.clone(),
            unit: self.unit.clone().unwrap_or_else(|| "unit".to_owned()),
            for_new_business: self.for_new_business.unwrap_or(true),
            for_renewal: self.for_renewal.unwrap_or(true),
            is_service: self.is_service.unwrap_or(false),
        }
    }
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        self.facts().check(checks);
    }
}

/// Add a product
///
/// Adds to the vendor's catalogue. A sku that another product has answers 409 `already_exists`.
#[utoipa::path(post, path = "/api/v1/products", operation_id = "createProduct", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"sku": "EG-200", "name": "Edge gateway", "family": "Gateways"})),
    responses((status = 201, description = "the product", body = Product, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn create_product(
    May { actor, org, .. }: May<right::CatalogueManage>,
    mut command: Command<Draft>,
) -> Result<Reply, Problem> {
    let facts = command.body.facts();
    let product = rows::insert(&mut command.tx, org.id, &facts).await?;
    let created = ProductCreated(ProductNow::from(&product));
    event::append(&mut command.tx, &actor.origin(), product.id, &[org.id.uuid()], &created).await?;
    let reply = Reply::created(&format!("/api/v1/products/{}", product.id), &product)?;
    command.commit(reply.version(product.version)).await
}
