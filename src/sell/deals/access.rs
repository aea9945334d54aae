//! Who may reach a deal: 404 unless it is of the organisation acted for, then 403 without the right.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission, Permissions},
    db::Db,
    http::{PathId, Problem, code},
    identity::Actor,
};

use super::view::{self, View};

/// A deal that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleDeal {
    pub(super) view: View,
    /// What the actor may do.
    pub(super) may: Permissions,
}

/// A deal that the actor's organisation is a side of, and on which the actor has the right that the operation needs.
/// It isn't locked yet.
#[derive(Debug)]
pub(super) struct Reached {
    pub(super) actor: Actor,
    pub(super) org: OrgId,
    pub(super) id: DealId,
}

/// A deal of the partner acted for, that the actor may change and withdraw.
#[derive(Debug)]
pub(super) struct EditableDeal(pub(super) Reached);

/// A deal of the vendor acted for, that the actor may decide on.
#[derive(Debug)]
pub(super) struct DecidableDeal(pub(super) Reached);

/// A deal that the actor may close, whichever side it is on.
#[derive(Debug)]
pub(super) struct ClosableDeal(pub(super) Reached);

/// A deal that the actor may read, without what it says.
#[derive(Debug)]
pub(crate) struct SeenDeal {
    pub(crate) actor: Actor,
    pub(crate) org: OrgId,
    pub(crate) id: DealId,
}

/// A deal that the actor's side works on, and the actor for it: a partner's rep or a vendor's channel manager.
#[derive(Debug)]
pub(crate) struct WorkedDeal(pub(crate) SeenDeal);

impl FromRequestParts<App> for SeenDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Reached { actor, org, id } = reach(parts, app, Permission::DealRead).await?;
        Ok(Self { actor, org, id })
    }
}

impl FromRequestParts<App> for WorkedDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let deal = SeenDeal::from_request_parts(parts, app).await?;
        require_work(&deal.actor)?;
        Ok(Self(deal))
    }
}

/// Lets through who works on deals: a partner's people who register them, a vendor's who decide on them.
pub(crate) fn require_work(actor: &Actor) -> Result<(), Problem> {
    let partner = actor.org.is_some_and(|org| org.kind == OrgKind::Partner);
    let needed = if partner {
        Permission::DealSubmit
    } else {
        Permission::DealDecide
    };
    actor.require(needed).map(|_| ())
}

impl FromRequestParts<App> for ClosableDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id) = address(parts, app).await?;
        if !is_side(&app.db, org, id).await? {
            return Err(Problem::not_found());
        }
        actor.require(Permission::PipelineMove)?;
        Ok(Self(Reached { actor, org, id }))
    }
}

impl FromRequestParts<App> for VisibleDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id) = address(parts, app).await?;
        let view = view::load(app.db.pool(), id, org)
            .await?
            .ok_or_else(Problem::not_found)?;
        actor.require(Permission::DealRead)?;
        Ok(Self {
            view,
            may: actor.permissions,
        })
    }
}

impl FromRequestParts<App> for EditableDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        reach(parts, app, Permission::DealSubmit).await.map(Self)
    }
}

impl FromRequestParts<App> for DecidableDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        reach(parts, app, Permission::DealDecide).await.map(Self)
    }
}

async fn reach(parts: &mut Parts, app: &App, right: Permission) -> Result<Reached, Problem> {
    let (actor, org, id) = address(parts, app).await?;
    let seen = is_side(&app.db, org, id).await?;
    if !seen {
        return Err(Problem::not_found());
    }
    actor.require(right)?;
    Ok(Reached { actor, org, id })
}

async fn address(parts: &mut Parts, app: &App) -> Result<(Actor, OrgId, DealId), Problem> {
    let actor = Actor::from_request_parts(parts, app).await?;
    let PathId(id) = PathId::from_request_parts(parts, app).await?;
    let org = actor
        .org
        .ok_or_else(|| Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org."))?;
    Ok((actor, org.id, id))
}

/// Whether `org` is the vendor or the partner of the deal.
pub(super) async fn is_side(db: &Db, org: OrgId, id: DealId) -> Result<bool, Problem> {
    let seen = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM deal WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2)) AS "seen!""#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_one(db.pool())
    .await?;
    Ok(seen)
}
