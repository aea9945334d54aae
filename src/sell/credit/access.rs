//! Who may reach the credit of a deal: its sides, and the other partners whom an agreement concerns.

use axum::{
    extract::FromRequestParts,
    http::{Method, request::Parts},
};
use guildhall_kernel::{CreditAgreementId, DealId, OrgId};
use guildhall_spine::{App, access::Permission, http::Problem, identity::Actor};

use super::stored::{self, Agreement};
use guildhall_spine::http::record::address;

/// A deal whose credit the actor may see.
#[derive(Debug)]
pub(super) struct CreditedDeal {
    pub(super) actor: Actor,
    pub(super) org: OrgId,
    pub(super) id: DealId,
}

/// An agreement that concerns the organisation acted for.
#[derive(Debug)]
pub(super) struct OwnAgreement {
    pub(super) actor: Actor,
    pub(super) org: OrgId,
    pub(super) agreement: Agreement,
}

fn needed(parts: &Parts) -> Permission {
    match parts.method {
        Method::GET => Permission::CoSellRead,
        _ => Permission::CoSellWork,
    }
}

impl FromRequestParts<App> for CreditedDeal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, DealId) = address(parts, app).await?;
        let seen = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM deal WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2))
                   OR EXISTS (SELECT FROM credit_signature WHERE deal_id = $1 AND org_id = $2) AS "seen!""#,
            id.uuid(),
            org.id.uuid(),
        )
        .fetch_one(app.db.pool())
        .await?;
        if !seen {
            return Err(Problem::not_found());
        }
        actor.require(needed(parts))?;
        Ok(Self { actor, org: org.id, id })
    }
}

impl FromRequestParts<App> for OwnAgreement {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, CreditAgreementId) = address(parts, app).await?;
        let mut conn = app.db.pool().acquire().await?;
        let agreement = stored::agreement(&mut conn, org.id, id).await?;
        let agreement = agreement.ok_or_else(Problem::not_found)?;
        actor.require(needed(parts))?;
        Ok(Self {
            actor,
            org: org.id,
            agreement,
        })
    }
}
