//! Who may reach a fund: its vendor, and for reading the partners that have a part in it.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{FundId, OrgId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, record::address},
    identity::{ActingFor, Actor},
};

use super::rows;
use super::view::Fund;

/// A fund that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleFund {
    pub(super) fund: Fund,
    pub(super) org: ActingFor,
}

/// A fund of the vendor acted for, whose money the actor may move.
#[derive(Debug)]
pub(super) struct ManagedFund {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) id: FundId,
}

/// Whose rows an organisation sees: those of the vendor, or those of the partner.
pub(super) fn side(org: ActingFor) -> (Option<OrgId>, Option<OrgId>) {
    match org.kind {
        OrgKind::Vendor => (Some(org.id), None),
        OrgKind::Partner => (None, Some(org.id)),
    }
}

impl FromRequestParts<App> for VisibleFund {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (_, org, fund) = reach(parts, app).await?;
        Ok(Self { fund, org })
    }
}

impl FromRequestParts<App> for ManagedFund {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, fund) = reach(parts, app).await?;
        actor.require(Permission::FundManage)?;
        Ok(Self {
            actor,
            vendor: org.id,
            id: fund.id,
        })
    }
}

async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, ActingFor, Fund), Problem> {
    let (actor, org, id): (_, _, FundId) = address(parts, app).await?;
    let mut conn = app.db.pool().acquire().await?;
    let (vendor, partner) = side(org);
    let fund = rows::find(&mut conn, id, vendor, partner).await?;
    let fund = fund.ok_or_else(Problem::not_found)?;
    actor.require(Permission::FundRead)?;
    Ok((actor, org, fund))
}
