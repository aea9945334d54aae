//! Who may reach a batch: the vendor that pays.

use std::marker::PhantomData;

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId};
use guildhall_spine::{
    App,
    access::{May, Right},
    http::{PathId, Problem},
    identity::Actor,
};

use super::{PayoutBatch, rows};
use guildhall_kernel::entity;

/// A batch of the vendor acted for, and the right `R`.
#[derive(Debug)]
pub(super) struct OwnBatch<R: Right> {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) batch: PayoutBatch,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<App> for OwnBatch<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let May { actor, org, .. } = May::<R>::from_request_parts(parts, app).await?;
        let PathId::<entity::PayoutBatch>(id) = PathId::from_request_parts(parts, app).await?;
        let mut conn = app.db.pool().acquire().await?;
        Ok(Self {
            actor,
            vendor: org.id,
            batch: rows::find(&mut conn, org.id, id).await?,
            right: PhantomData,
        })
    }
}

/// A payout in a batch of the vendor acted for.
#[derive(Debug)]
pub(super) struct OwnPayout<R: Right> {
    pub(super) actor: Actor,
    pub(super) vendor: OrgId,
    pub(super) batch: PayoutBatchId,
    pub(super) payout: PayoutId,
    right: PhantomData<R>,
}

impl<R: Right> FromRequestParts<App> for OwnPayout<R> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let May { actor, org, .. } = May::<R>::from_request_parts(parts, app).await?;
        let PathId::<entity::Payout>(payout) = PathId::from_request_parts(parts, app).await?;
        let batch = sqlx::query_scalar!(
            "SELECT batch_id FROM payout WHERE id = $1 AND vendor_id = $2",
            payout.uuid(),
            org.id.uuid()
        )
        .fetch_optional(app.db.pool())
        .await?
        .ok_or_else(Problem::not_found)?;
        let batch = PayoutBatchId::from(batch);
        Ok(Self {
            actor,
            vendor: org.id,
            batch,
            payout,
            right: PhantomData,
        })
    }
}
