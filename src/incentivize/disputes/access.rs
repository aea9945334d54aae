//! Who may reach a dispute: its vendor, its partner, and the person whose line it is about.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::DisputeId;
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    http::{Problem, record::address},
    identity::Actor,
};

use super::rows;
use super::sight::{Sight, sight};
use super::view::Dispute;

/// Somebody who may read disputes.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) sight: Sight,
}

/// A person of a partner who may object to lines: to all with `earnings:dispute`, else to its own.
#[derive(Debug)]
pub(super) struct Objector {
    pub(super) actor: Actor,
    pub(super) sight: Sight,
}

/// A dispute that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleDispute {
    pub(super) dispute: Dispute,
    pub(super) sight: Sight,
}

/// A dispute that the actor may speak in: for the vendor who decides, or for the partner who objects.
#[derive(Debug)]
pub(super) struct Party {
    pub(super) actor: Actor,
    pub(super) sight: Sight,
    pub(super) id: DisputeId,
}

/// A dispute of the partner acted for, which the actor may take back.
#[derive(Debug)]
pub(super) struct OwnDispute(pub(super) Party);

/// A dispute of the vendor acted for, on which the actor may decide.
#[derive(Debug)]
pub(super) struct DecidedDispute(pub(super) Party);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let sight = sight(&actor, Permission::EarningRead)?;
        Ok(Self { sight })
    }
}

impl FromRequestParts<App> for Objector {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        actor.require(Permission::RewardRead)?;
        let sight = sight(&actor, Permission::EarningDispute)?;
        Ok(Self { actor, sight })
    }
}

impl FromRequestParts<App> for VisibleDispute {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        let sight = sight(&actor, Permission::EarningRead)?;
        let dispute = rows::find(&mut *app.db.pool().acquire().await?, id, sight).await?;
        let dispute = dispute.ok_or_else(Problem::not_found)?;
        Ok(Self { dispute, sight })
    }
}

impl FromRequestParts<App> for Party {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        let vendor = actor.org.is_some_and(|org| org.kind == OrgKind::Vendor);
        let whole = if vendor {
            Permission::EarningManage
        } else {
            Permission::EarningDispute
        };
        let sight = sight(&actor, whole)?;
        let dispute = rows::find(&mut *app.db.pool().acquire().await?, id, sight).await?;
        dispute.ok_or_else(Problem::not_found)?;
        Ok(Self { actor, sight, id })
    }
}

impl FromRequestParts<App> for OwnDispute {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        actor.require(Permission::RewardRead)?;
        let sight = sight(&actor, Permission::EarningDispute)?;
        let dispute = rows::find(&mut *app.db.pool().acquire().await?, id, sight).await?;
        dispute.ok_or_else(Problem::not_found)?;
        Ok(Self(Party { actor, sight, id }))
    }
}

impl FromRequestParts<App> for DecidedDispute {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        let org = actor.require(Permission::EarningManage)?;
        let sight = Sight {
            org: org.id,
            only: None,
        };
        Ok(Self(Party { actor, sight, id }))
    }
}

/// Who asks, and for which dispute of its organisation.
async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, DisputeId), Problem> {
    let (actor, org, id): (_, _, DisputeId) = address(parts, app).await?;
    let whole = Sight {
        org: org.id,
        only: None,
    };
    let found = rows::find(&mut *app.db.pool().acquire().await?, id, whole).await?;
    found.ok_or_else(Problem::not_found)?;
    Ok((actor, id))
}
