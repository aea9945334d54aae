//! Who may reach a claim: the vendor that decides on it, the company, and the person who claims.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, SpiffClaimId, UserId};
use guildhall_spine::{
    App,
    access::Permission,
    http::{Problem, record::address},
    identity::Actor,
};

use super::rows;
use super::view::Claim;
use crate::disputes::sight::{Sight, sight};

/// Somebody who may read claims.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) sight: Sight,
}

/// A person of a partner, who may claim.
#[derive(Debug)]
pub(super) struct Claimant {
    pub(super) actor: Actor,
    pub(super) user: UserId,
    pub(super) partner: OrgId,
}

/// A claim that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleClaim(pub(super) Claim);

/// A claim with who acts on it.
#[derive(Debug)]
pub(super) struct Acted {
    pub(super) actor: Actor,
    pub(super) sight: Sight,
    pub(super) id: SpiffClaimId,
}

/// A claim under a plan of the vendor acted for, on which the actor may decide.
#[derive(Debug)]
pub(super) struct DecidedClaim(pub(super) Acted);

/// A claim that the actor may take back: its own, or its company's.
#[derive(Debug)]
pub(super) struct OwnClaim(pub(super) Acted);

impl FromRequestParts<App> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let sight = sight(&actor, Permission::EarningRead)?;
        Ok(Self { sight })
    }
}

impl FromRequestParts<App> for Claimant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor.require(Permission::RewardRead)?;
        let user = actor.require_user()?;
        Ok(Self {
            actor,
            user,
            partner: org.id,
        })
    }
}

impl FromRequestParts<App> for VisibleClaim {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        let sight = sight(&actor, Permission::EarningRead)?;
        let claim = rows::find(&mut *app.db.pool().acquire().await?, id, sight).await?;
        claim.map(Self).ok_or_else(Problem::not_found)
    }
}

impl FromRequestParts<App> for DecidedClaim {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        let org = actor.require(Permission::EarningManage)?;
        let sight = Sight {
            org: org.id,
            only: None,
        };
        Ok(Self(Acted { actor, sight, id }))
    }
}

impl FromRequestParts<App> for OwnClaim {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, id) = reach(parts, app).await?;
        actor.require(Permission::RewardRead)?;
        let sight = sight(&actor, Permission::EarningDispute)?;
        let claim = rows::find(&mut *app.db.pool().acquire().await?, id, sight).await?;
        claim.ok_or_else(Problem::not_found)?;
        Ok(Self(Acted { actor, sight, id }))
    }
}

/// Who asks, and for which claim of its organisation.
async fn reach(parts: &mut Parts, app: &App) -> Result<(Actor, SpiffClaimId), Problem> {
    let (actor, org, id): (_, _, SpiffClaimId) = address(parts, app).await?;
    let whole = Sight {
        org: org.id,
        only: None,
    };
    let found = rows::find(&mut *app.db.pool().acquire().await?, id, whole).await?;
    found.ok_or_else(Problem::not_found)?;
    Ok((actor, id))
}
