//! A connection as the vendor sees it.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, OrgId};
use guildhall_spine::http::Problem;
use serde::Serialize;
use sqlx::{PgExecutor, types::Json};
use utoipa::ToSchema;

use super::Kind;
use super::credentials::Hint;
use super::mapping::{Finding, Mapping};
use super::mirror::Mirror;

/// Whether the CRM lets us in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CrmAuthState)]
pub(crate) enum AuthState {
    /// Not tried yet.
    Unknown,
    /// It does.
    Ok,
    /// It refuses the credentials.
    Refused,
}

/// How a connection is doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CrmHealth)]
pub(crate) struct Health {
    /// Whether the CRM lets us in.
    auth_state: AuthState,
    /// Why it doesn't.
    auth_error: Option<String>,
    /// When it last answered as it should.
    last_success_at: Option<DateTime<Utc>>,
    /// What last went wrong.
    last_error: Option<String>,
    /// When.
    last_error_at: Option<DateTime<Utc>>,
    /// Pieces of work that wait.
    backlog: i64,
    /// Pieces of work that could not be done and wait to be replayed.
    dead_letters: i64,
    /// Deals whose record is gone.
    disconnected: i64,
    /// Since when writes rest because the CRM's fields don't suit the mapping.
    paused_at: Option<DateTime<Utc>>,
    /// What doesn't suit.
    drift: Vec<Finding>,
    /// Until when the CRM asked to be left alone.
    blocked_until: Option<DateTime<Utc>>,
    /// Up to when the CRM's changes have been seen by polling.
    polled_to: Option<DateTime<Utc>>,
    /// When all records were compared last.
    reconciled_at: Option<DateTime<Utc>>,
}

/// A connection to a CRM.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CrmConnection)]
pub(crate) struct ConnectionView {
    /// Its id.
    pub(super) id: CrmConnectionId,
    /// What is connected.
    kind: Kind,
    /// Its name here.
    #[schema(example = "Sales cloud")]
    name: String,
    /// Where it is: My Domain of Salesforce, the API of HubSpot, the endpoint of a webhook.
    #[schema(example = "https://acme.my.salesforce.com/")]
    base_url: String,
    /// What a deal is there.
    #[schema(example = "Opportunity")]
    object: String,
    /// The unique field with the deal's id.
    #[schema(example = "Guildhall_Deal__c")]
    external_id_field: String,
    /// Which secrets it has. They are never shown.
    credentials: Vec<Hint>,
    /// Whether anything goes over it.
    enabled: bool,
    /// How often it is polled, in seconds.
    #[schema(example = 60)]
    poll_seconds: i32,
    /// Where the CRM posts its messages to, signed.
    #[schema(example = "/api/v1/crm-connections/crm_01kaqv6r3gf5ht2x0m8c9ezw4n/inbound")]
    inbound_path: String,
    /// How fields correspond.
    mapping: Mapping,
    /// What of the vendor's own sales is mirrored.
    mirror: Option<Mirror>,
    /// How it is doing.
    health: Health,
    /// Its version.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was changed.
    updated_at: DateTime<Utc>,
}

/// A connection as the database has it.
pub(super) struct Row {
    pub(super) id: CrmConnectionId,
    kind: Kind,
    name: String,
    base_url: String,
    object: String,
    external_id_field: String,
    hints: Json<Vec<Hint>>,
    enabled: bool,
    poll_seconds: i32,
    mapping: Json<Mapping>,
    mirror: Option<Json<Mirror>>,
    auth_state: AuthState,
    auth_error: Option<String>,
    last_success_at: Option<DateTime<Utc>>,
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    drift: Json<Vec<Finding>>,
    blocked_until: Option<DateTime<Utc>>,
    polled_to: Option<DateTime<Utc>>,
    reconciled_at: Option<DateTime<Utc>>,
    backlog: i64,
    dead_letters: i64,
    disconnected: i64,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for ConnectionView {
    fn from(row: Row) -> Self {
        Self {
            inbound_path: format!("/api/v1/crm-connections/{}/inbound", row.id),
            id: row.id,
            kind: row.kind,
            name: row.name,
            base_url: row.base_url,
            object: row.object,
            external_id_field: row.external_id_field,
            credentials: row.hints.0,
            enabled: row.enabled,
            poll_seconds: row.poll_seconds,
            mapping: row.mapping.0,
            mirror: row.mirror.map(|mirror| mirror.0),
            health: Health {
                auth_state: row.auth_state,
                auth_error: row.auth_error,
                last_success_at: row.last_success_at,
                last_error: row.last_error,
                last_error_at: row.last_error_at,
                backlog: row.backlog,
                dead_letters: row.dead_letters,
                disconnected: row.disconnected,
                paused_at: row.paused_at,
                drift: row.drift.0,
                blocked_until: row.blocked_until,
                polled_to: row.polled_to,
                reconciled_at: row.reconciled_at,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The vendor's connections from `after` on, newest first; or the one of this id.
pub(super) async fn list(
    db: impl PgExecutor<'_>,
    vendor: OrgId,
    id: Option<CrmConnectionId>,
    after: Option<CrmConnectionId>,
    most: i64,
) -> Result<Vec<Row>, Problem> {
    Ok(sqlx::query_as!(
        Row,
        r#"SELECT id AS "id: CrmConnectionId", kind AS "kind: Kind", name, base_url, object, external_id_field,
                  hints AS "hints: Json<Vec<Hint>>", enabled, poll_seconds, mapping AS "mapping: Json<Mapping>",
                  mirror AS "mirror: Json<Mirror>",
                  auth_state AS "auth_state: AuthState", auth_error, last_success_at, last_error, last_error_at, paused_at,
                  drift AS "drift: Json<Vec<Finding>>", blocked_until, (cursor ->> 'at')::timestamptz AS polled_to,
                  reconciled_at,
                  (SELECT count(*) FROM crm_work w WHERE w.connection_id = c.id AND w.dead_at IS NULL) AS "backlog!",
                  (SELECT count(*) FROM crm_work w WHERE w.connection_id = c.id AND w.dead_at IS NOT NULL) AS "dead_letters!",
                  (SELECT count(*) FROM crm_link l WHERE l.connection_id = c.id AND l.status = 'disconnected')
                      AS "disconnected!",
                  version, created_at, updated_at
           FROM crm_connection c
           WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        vendor.uuid(),
        id.map(CrmConnectionId::uuid),
        after.map(CrmConnectionId::uuid),
        most
    )
    .fetch_all(db)
    .await?)
}

/// The vendor's connection as it is now.
pub(super) async fn view(
    db: impl PgExecutor<'_>,
    vendor: OrgId,
    id: CrmConnectionId,
) -> Result<ConnectionView, Problem> {
    let found = list(db, vendor, Some(id), None, 1).await?;
    found
        .into_iter()
        .next()
        .map(ConnectionView::from)
        .ok_or_else(Problem::not_found)
}
