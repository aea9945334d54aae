//! The row behind an id in the path: the organisation's own.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::{WebhookEndpoint, WebhookMessage, rows};

/// An endpoint of the organisation acted for.
pub(super) struct OwnEndpoint {
    pub(super) may: May<right::WebhookManage>,
    pub(super) endpoint: WebhookEndpoint,
}

/// A message to an endpoint of the organisation acted for.
pub(super) struct OwnMessage {
    pub(super) may: May<right::WebhookManage>,
    pub(super) message: WebhookMessage,
}

impl FromRequestParts<App> for OwnEndpoint {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let may = May::<right::WebhookManage>::from_request_parts(parts, app).await?;
        let PathId(id) = PathId::<entity::WebhookEndpoint>::from_request_parts(parts, app).await?;
        let mut conn = app.db.pool().acquire().await?;
        let found = rows::get(&mut conn, may.org.id, id).await?;
        let endpoint = found.ok_or_else(Problem::not_found)?;
        Ok(Self { may, endpoint })
    }
}

impl FromRequestParts<App> for OwnMessage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let may = May::<right::WebhookManage>::from_request_parts(parts, app).await?;
        let PathId(id) = PathId::<entity::WebhookMessage>::from_request_parts(parts, app).await?;
        let mut conn = app.db.pool().acquire().await?;
        let found = rows::message(&mut conn, may.org.id, id).await?;
        let message = found.ok_or_else(Problem::not_found)?;
        Ok(Self { may, message })
    }
}
