//! Who may reach a shared opportunity: those who have a part in it, by what their stage shows them; a partner while it
//! is active in the vendor's program.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use guildhall_kernel::{CoSellId, OrgId, PlanTaskId};
use guildhall_spine::{
    App,
    access::Permission,
    http::{Problem, code},
    identity::Actor,
};

use super::stage::Stage;
use guildhall_spine::http::record::address;

/// A shared opportunity that the organisation acted for has a part in.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) actor: Actor,
    pub(super) org: OrgId,
    pub(super) id: CoSellId,
    pub(super) vendor: OrgId,
    pub(super) stage: Stage,
}

/// A shared opportunity that the organisation acted for has joined.
#[derive(Debug)]
pub(super) struct Joined(pub(super) Seen);

/// A task of a plan that the organisation acted for has joined.
#[derive(Debug)]
pub(super) struct ReachedTask {
    pub(super) joined: Seen,
    pub(super) task: PlanTaskId,
}

impl Seen {
    /// The vendor and who opened it decide on the opportunity itself.
    pub(super) fn refuse_guests(&self, opened_by: OrgId) -> Result<(), Problem> {
        if self.org == self.vendor || self.org == opened_by {
            return Ok(());
        }
        let detail = "The vendor and who opened the opportunity may do this.";
        Err(Problem::new(code::FORBIDDEN, detail))
    }

    pub(super) fn refuse_partners(&self) -> Result<(), Problem> {
        if self.org == self.vendor {
            return Ok(());
        }
        Err(Problem::new(
            code::FORBIDDEN,
            "The vendor decides who is asked: tell it.",
        ))
    }
}

fn permit(actor: &Actor, parts: &Parts) -> Result<(), Problem> {
    let needed = if parts.method == Method::GET {
        Permission::CoSellRead
    } else {
        Permission::CoSellWork
    };
    actor.require(needed).map(|_| ())
}

fn refuse_outsiders(stage: Stage) -> Result<(), Problem> {
    if stage == Stage::Joined {
        return Ok(());
    }
    let detail = "Join first, with POST /api/v1/co-sells/{id}/respond: until then there is the brief.";
    Err(Problem::new(code::FORBIDDEN, detail))
}

impl FromRequestParts<App> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, CoSellId) = address(parts, app).await?;
        permit(&actor, parts)?;
        let found = sqlx::query!(
            r#"SELECT c.vendor_id AS "vendor: OrgId", p.stage AS "stage: Stage"
               FROM co_sell c JOIN co_sell_party p ON p.co_sell_id = c.id AND p.org_id = $2
               WHERE c.id = $1 AND p.stage IN ('invited', 'interested', 'joined')
                 AND (c.vendor_id = $2 OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = c.vendor_id
                                                  AND s.partner_id = $2 AND s.status = 'active'))"#,
            id.uuid(),
            org.id.uuid(),
        )
        .fetch_optional(app.db.pool())
        .await?
        .ok_or_else(Problem::not_found)?;
        Ok(Self {
            actor,
            org: org.id,
            id,
            vendor: found.vendor,
            stage: found.stage,
        })
    }
}

impl FromRequestParts<App> for Joined {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let seen = Seen::from_request_parts(parts, app).await?;
        refuse_outsiders(seen.stage)?;
        Ok(Self(seen))
    }
}

impl FromRequestParts<App> for ReachedTask {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, task): (_, _, PlanTaskId) = address(parts, app).await?;
        permit(&actor, parts)?;
        let found = sqlx::query!(
            r#"SELECT c.id AS "id: CoSellId", c.vendor_id AS "vendor: OrgId", p.stage AS "stage: Stage"
               FROM plan_task t
               JOIN co_sell c ON c.id = t.co_sell_id
               JOIN co_sell_party p ON p.co_sell_id = c.id AND p.org_id = $2
               WHERE t.id = $1 AND p.stage = 'joined'
                 AND (c.vendor_id = $2 OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = c.vendor_id
                                                  AND s.partner_id = $2 AND s.status = 'active'))"#,
            task.uuid(),
            org.id.uuid(),
        )
        .fetch_optional(app.db.pool())
        .await?
        .ok_or_else(Problem::not_found)?;
        let joined = Seen {
            actor,
            org: org.id,
            id: found.id,
            vendor: found.vendor,
            stage: found.stage,
        };
        Ok(Self { joined, task })
    }
}
