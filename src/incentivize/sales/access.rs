//! Who may reach a sale: its vendor, and for reading the partners that have a part in it.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::SaleId;
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, record::address},
    identity::{ActingFor, Actor},
};

use super::rows;
use super::view::Sale;

/// A sale that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleSale(pub(super) Sale);

/// A sale of the vendor acted for, of which the actor may record what became of it.
#[derive(Debug)]
pub(super) struct ManagedSale {
    pub(super) actor: Actor,
    pub(super) org: ActingFor,
    pub(super) id: SaleId,
}

impl FromRequestParts<App> for VisibleSale {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (_, _, sale) = reach(parts, app).await?;
        Ok(Self(sale))
    }
}

impl FromRequestParts<App> for ManagedSale {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, sale) = reach(parts, app).await?;
        actor.require(Permission::SaleManage)?;
        Ok(Self {
            actor,
            org,
            id: sale.id,
        })
    }
}

async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, ActingFor, Sale), Problem> {
    let (actor, org, id): (_, _, SaleId) = address(parts, app).await?;
    let mut conn = app.db.pool().acquire().await?;
    let partner = (org.kind == OrgKind::Partner).then_some(org.id);
    let sale = rows::find(&mut conn, id, org.id, partner).await?;
    let sale = sale.ok_or_else(Problem::not_found)?;
    actor.require(Permission::EarningRead)?;
    Ok((actor, org, sale))
}
