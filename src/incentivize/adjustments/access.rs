//! Who may reach an adjustment: people of its vendor who manage earnings.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{AdjustmentId, OrgId};
use guildhall_spine::{
    App,
    access::Permission,
    http::{Problem, record::address},
    identity::Actor,
};

use super::rows;
use super::view::Adjustment;

/// An adjustment of the vendor acted for, by somebody who manages earnings there.
#[derive(Debug)]
pub(super) struct ManagedAdjustment {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    /// As it was before any lock.
    pub(super) adjustment: Adjustment,
}

impl FromRequestParts<App> for ManagedAdjustment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (Actor, _, AdjustmentId) = address(parts, app).await?;
        actor.require(Permission::EarningManage)?;
        let mut conn = app.db.pool().acquire().await?;
        let adjustment = rows::find(&mut conn, org.id, id).await?;
        let adjustment = adjustment.ok_or_else(Problem::not_found)?;
        actor.require(Permission::EarningManage)?;
        Ok(Self {
            actor,
            vendor: org.id,
            adjustment,
        })
    }
}
