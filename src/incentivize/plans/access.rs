//! Who may reach a plan: its vendor, and partners that can earn under it.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, PlanId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, record::address},
    identity::Actor,
};

use super::Plan;
use super::rows::{self, Reader};

/// A plan that the actor may read.
#[derive(Debug)]
pub(super) struct VisiblePlan {
    pub(super) plan: Plan,
    /// The partner that reads; none for the vendor.
    pub(super) partner: Option<OrgId>,
}

/// A plan of the vendor acted for, that the actor may change.
#[derive(Debug)]
pub(super) struct ManagedPlan {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) id: PlanId,
}

impl FromRequestParts<App> for VisiblePlan {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, partner, plan) = reach(parts, app).await?;
        actor.require(Permission::PlanRead)?;
        Ok(Self { plan, partner })
    }
}

impl FromRequestParts<App> for ManagedPlan {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, _, plan) = reach(parts, app).await?;
        // No role of a partner that sees the plan has this right.
        actor.require(Permission::PlanManage)?;
        Ok(Self {
            actor,
            vendor: plan.vendor_id,
            id: plan.id,
        })
    }
}

async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, Option<OrgId>, Plan), Problem> {
    let (actor, org, id): (_, _, PlanId) = address(parts, app).await?;
    let partner = (org.kind == OrgKind::Partner).then_some(org.id);
    let reader = partner.map_or(Reader::Vendor(org.id), Reader::Partner);
    let today = app.clock.now().date_naive();
    let mut conn = app.db.pool().acquire().await?;
    let plan = rows::read(&mut conn, reader, Some(id), today, None, 1).await?.pop();
    Ok((actor, partner, plan.ok_or_else(Problem::not_found)?))
}
