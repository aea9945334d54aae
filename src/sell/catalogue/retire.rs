use guildhall_spine::{
    event::{self, Event},
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedProduct;
use super::events::{ProductNow, ProductReactivated, ProductRetired};
use super::{Product, ProductStatus, rows};

/// Nothing more to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProductMove)]
pub(super) struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checks) {}
}

/// Retire a product
///
/// No new deal takes it and partners see it no longer; deals that have it keep it.
#[utoipa::path(post, path = "/api/v1/products/{id}/retire", operation_id = "retireProduct", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the product", example = "prod_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the product that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the retired product", body = Product, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn retire_product(
    managed: ManagedProduct,
    if_match: IfMatch,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    become_status(managed, &if_match, command, ProductStatus::Retired, ProductRetired).await
}

/// Sell a product again
///
/// Takes a retired product back into the catalogue.
#[utoipa::path(post, path = "/api/v1/products/{id}/reactivate", operation_id = "reactivateProduct", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the product", example = "prod_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the product that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the active product", body = Product, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn reactivate_product(
    managed: ManagedProduct,
    if_match: IfMatch,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    become_status(managed, &if_match, command, ProductStatus::Active, ProductReactivated).await
}

async fn become_status<E: Event>(
    ManagedProduct { actor, vendor, id }: ManagedProduct,
    if_match: &IfMatch,
    mut command: Command<Nothing>,
    status: ProductStatus,
    said: impl FnOnce(ProductNow) -> E,
) -> Result<Reply, Problem> {
    let product = rows::lock(&mut command.tx, vendor, id).await?;
    if_match.check(product.version)?;
    if product.status == status {
        let detail = format!("The product is {} already.", status.as_str());
        let legal: &[&str] = match status {
            ProductStatus::Active => &["retire"],
            ProductStatus::Retired => &["reactivate"],
        };
        return Err(Problem::new(code::ILLEGAL_MOVE, detail).with("legal", legal.to_vec()));
    }
    let product = rows::set_status(&mut command.tx, id, status).await?;
    let event = said(ProductNow::from(&product));
    event::append(&mut command.tx, &actor.origin(), id, &[vendor.uuid()], &event).await?;
    command.commit(Reply::ok(&product)?.version(product.version)).await
}
