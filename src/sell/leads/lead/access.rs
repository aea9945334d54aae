//! Who may reach a lead: 404 unless it is the vendor's own, or one that the partner is asked about or has, while the
//! partner is active in the program; 403 without the right.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{LeadId, OrgId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission, Permissions},
    http::{PathId, Problem},
    identity::{ActingFor, Actor},
};

use super::rows;

/// A lead that the actor's organisation may see. It isn't locked yet.
#[derive(Debug)]
pub(in crate::leads) struct Reached {
    pub(in crate::leads) actor: Actor,
    pub(in crate::leads) org: OrgId,
    pub(in crate::leads) kind: OrgKind,
    pub(in crate::leads) id: LeadId,
}

impl Reached {
    pub(in crate::leads) fn may(&self) -> Permissions {
        self.actor.permissions
    }
}

/// A lead that the actor may read.
#[derive(Debug)]
pub(in crate::leads) struct VisibleLead(pub(in crate::leads) Reached);

/// A lead of the vendor acted for, that the actor may hand out.
#[derive(Debug)]
pub(in crate::leads) struct ManagedLead(pub(in crate::leads) Reached);

/// A lead that the partner acted for is asked about or has, and that the actor may work on.
#[derive(Debug)]
pub(in crate::leads) struct WorkedLead(pub(in crate::leads) Reached);

impl FromRequestParts<App> for VisibleLead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        reach(parts, app, Permission::LeadRead).await.map(Self)
    }
}

impl FromRequestParts<App> for ManagedLead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        reach(parts, app, Permission::LeadManage).await.map(Self)
    }
}

impl FromRequestParts<App> for WorkedLead {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        reach(parts, app, Permission::LeadWork).await.map(Self)
    }
}

async fn reach(parts: &mut Parts, app: &App, right: Permission) -> Result<Reached, Problem> {
    let actor = Actor::from_request_parts(parts, app).await?;
    let ActingFor { id: org, kind } = actor.require(right)?;
    let PathId(id) = PathId::from_request_parts(parts, app).await?;
    if !rows::is_seen(app.db.pool(), org, kind, id).await? {
        return Err(Problem::not_found());
    }
    Ok(Reached { actor, org, kind, id })
}
