//! API keys: how an integrator's programs act for the organisation.

mod create;
mod events;
mod list;
mod revoke;
mod rows;

use chrono::{DateTime, Utc};
use guildhall_kernel::{ApiKeyId, UserId};
use guildhall_spine::{App, event::EventDoc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The events of API keys.
pub(crate) const EVENTS: &[EventDoc] = events::EVENTS;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_api_keys, create::create_api_key))
        .routes(routes!(revoke::revoke_api_key))
}

/// An API key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiKey {
    /// Its id.
    pub(crate) id: ApiKeyId,
    /// What it is for.
    #[schema(example = "CRM sync")]
    pub(crate) name: String,
    /// The secret's first characters, to recognise it by.
    #[schema(example = "ghk_4vJ9")]
    pub(crate) hint: String,
    /// What it may do.
    #[schema(example = json!(["deals:read"]))]
    pub(crate) scopes: Vec<String>,
    /// Who made it. The key is the organisation's and goes on when they leave.
    pub(crate) created_by: UserId,
    /// When.
    pub(crate) created_at: DateTime<Utc>,
    /// When it ends by itself; `null` for never.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// When it was used last, give or take some seconds.
    pub(crate) last_used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub(crate) revoked_at: Option<DateTime<Utc>>,
}
