//! What API keys publish, to the organisation.

use guildhall_kernel::{ApiKeyId, OrgId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

/// The events of API keys.
pub(super) const EVENTS: &[EventDoc] = &[EventDoc::of::<ApiKeyCreated>(), EventDoc::of::<ApiKeyRevoked>()];

/// A key was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ApiKeyCreated {
    /// The key.
    pub(super) api_key_id: ApiKeyId,
    /// Whom it acts for.
    pub(super) organisation_id: OrgId,
    /// What it may do.
    pub(super) scopes: Vec<String>,
}

impl Event for ApiKeyCreated {
    const KIND: &'static str = "api_key.created";
    const TOPIC: Topic = Topic::Organisation;
}

/// A key is worth nothing any more.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ApiKeyRevoked {
    /// The key.
    pub(super) api_key_id: ApiKeyId,
    /// Whom it acted for.
    pub(super) organisation_id: OrgId,
}

impl Event for ApiKeyRevoked {
    const KIND: &'static str = "api_key.revoked";
    const TOPIC: Topic = Topic::Organisation;
}
