//! Who may reach a product: its vendor, and partners that are active with the vendor, as long as it is sold.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, ProductId};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{App, access::Permission, http::Problem, identity::Actor};

use super::{Product, ProductStatus, rows};
use guildhall_spine::http::record::address;

/// A product that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleProduct(pub(super) Product);

/// A product of the vendor acted for, that the actor may change.
#[derive(Debug)]
pub(super) struct ManagedProduct {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) id: ProductId,
}

impl FromRequestParts<App> for VisibleProduct {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, product) = reach(parts, app).await?;
        actor.require(Permission::CatalogueRead)?;
        Ok(Self(product))
    }
}

impl FromRequestParts<App> for ManagedProduct {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, product) = reach(parts, app).await?;
        // No role of a partner that sees the product has this right.
        actor.require(Permission::CatalogueManage)?;
        Ok(Self {
            actor,
            vendor: product.vendor_id,
            id: product.id,
        })
    }
}

async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, Product), Problem> {
    let (actor, org, id): (_, _, ProductId) = address(parts, app).await?;
    let mut conn = app.db.pool().acquire().await?;
    let product = rows::find(&mut conn, id).await?.ok_or_else(Problem::not_found)?;
    let seen = product.vendor_id == org.id
        || product.status == ProductStatus::Active && is_active_partner(&mut conn, product.vendor_id, org.id).await?;
    if !seen {
        return Err(Problem::not_found());
    }
    Ok((actor, product))
}
