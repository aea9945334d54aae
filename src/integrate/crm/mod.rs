//! Connections to CRM systems: an approved deal becomes an opportunity there, and what happens to the opportunity comes back.
//!
//! Both ways end in one place, [`settle`]: it compares what both sides hold with what they held when they last agreed, field
//! by field. A change that came from the CRM is then no news for it, and an echo of our own write is none for us.

mod change;
mod clock;
mod connection;
mod connections;
pub mod connector;
mod create;
mod credentials;
mod deal;
mod differences;
mod drift;
mod dry_run;
pub mod events;
mod follow;
mod inbound;
mod link;
mod links;
mod log;
pub mod mapping;
mod merge;
mod mirror;
mod probe;
mod questions;
mod queue;
mod receive;
mod reconcile;
mod settle;
mod signature;
mod sync;
mod sync_log;
mod token;
mod wire;
mod worker;

use guildhall_spine::{App, http::Code};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use clock::{DriftTimer, PollTimer};
pub(crate) use credentials::CrmCredentials;
pub use events::EVENTS;
pub use follow::CrmFollower;
pub use worker::CrmWorker;

/// What is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[schema(as = CrmKind)]
pub enum Kind {
    /// Salesforce, over its REST API.
    Salesforce,
    /// HubSpot, over its CRM API.
    #[serde(rename = "hubspot")]
    HubSpot,
    /// Any system that takes and sends signed webhooks.
    Webhook,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Salesforce => "salesforce",
            Self::HubSpot => "hubspot",
            Self::Webhook => "webhook",
        }
    }
}

/// The feature's own error codes.
pub mod code {
    use guildhall_spine::http::Code;

    /// The CRM could not be asked.
    pub const CRM_UNAVAILABLE: Code = Code {
        name: "crm_unavailable",
        status: 502,
        title: "The CRM didn't answer as it should",
    };
    /// The CRM's fields aren't known yet.
    pub const NOT_DESCRIBED: Code = Code {
        name: "crm_not_described",
        status: 409,
        title: "The CRM's fields aren't known yet",
    };
    /// The record is linked to another deal.
    pub const RECORD_LINKED: Code = Code {
        name: "crm_record_linked",
        status: 409,
        title: "Another deal has this record",
    };
    /// The message isn't signed as it must be, or is too old.
    pub const BAD_SIGNATURE: Code = Code {
        name: "bad_signature",
        status: 401,
        title: "The message's signature isn't right",
    };
    /// The difference was settled before.
    pub const ALREADY_RESOLVED: Code = Code {
        name: "already_resolved",
        status: 409,
        title: "The difference has been resolved",
    };
}

/// The feature's own error codes, for the documentation.
pub const CODES: &[Code] = &[
    code::CRM_UNAVAILABLE,
    code::NOT_DESCRIBED,
    code::RECORD_LINKED,
    code::BAD_SIGNATURE,
    code::ALREADY_RESOLVED,
];

/// The feature's addresses.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            connections::list_crm_connections,
            create::create_crm_connection
        ))
        .routes(routes!(
            connections::get_crm_connection,
            change::change_crm_connection,
            connections::delete_crm_connection
        ))
        .routes(routes!(probe::probe_crm_connection))
        .routes(routes!(probe::get_crm_fields))
        .routes(routes!(dry_run::dry_run_crm_mapping))
        .routes(routes!(links::list_crm_links, links::link_crm_record))
        .routes(routes!(links::relink_crm_record))
        .routes(routes!(links::push_crm_deals))
        .routes(routes!(sync_log::list_crm_sync))
        .routes(routes!(sync_log::list_crm_dead_letters))
        .routes(routes!(sync_log::replay_crm_dead_letters))
        .routes(routes!(differences::reconcile_crm_connection))
        .routes(routes!(differences::list_crm_differences))
        .routes(routes!(differences::resolve_crm_difference))
        .routes(routes!(inbound::receive_crm_message))
}
