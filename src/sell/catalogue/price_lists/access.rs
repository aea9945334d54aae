//! Who may reach a price list: its vendor alone.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, PriceListId};
use guildhall_spine::{App, access::Permission, http::Problem, identity::Actor};

use guildhall_spine::http::record::address;

/// A price list of the vendor acted for, that the actor may read and change.
#[derive(Debug)]
pub(super) struct ManagedList {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) id: PriceListId,
}

impl FromRequestParts<App> for ManagedList {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, PriceListId) = address(parts, app).await?;
        actor.require(Permission::CatalogueManage)?;
        let own = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM price_list WHERE vendor_id = $1 AND id = $2) AS "own!""#,
            org.id.uuid(),
            id.uuid(),
        )
        .fetch_one(app.db.pool())
        .await?;
        if !own {
            return Err(Problem::not_found());
        }
        Ok(Self {
            actor,
            vendor: org.id,
            id,
        })
    }
}
