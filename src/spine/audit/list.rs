//! Reading the audit log.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use axum::{Extension, extract::State};
use chrono::{DateTime, Utc};
use guildhall_kernel::{ApiKeyId, EventId, OrgId, UserId, id_text, parse_id_text};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{PgPool, types::Json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::rows::Row;
use crate::{
    App,
    access::{May, right},
    event::{Origin, Position},
    http::{Page, Paging, Problem, ValidQuery, code},
};

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its place in the organisation's chain, from 1 without gaps.
    #[schema(example = 1207)]
    pub no: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The event.
    pub event_id: EventId,
    /// The event's place in the event log.
    pub position: Position,
    /// What happened, like `deal.approved`.
    #[schema(example = "deal.approved")]
    pub kind: String,
    /// The id of what it happened to.
    #[schema(example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    pub subject: String,
    /// Who did it.
    pub who: Who,
    /// What exactly; its shape depends on `kind`.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
    /// The hash of the entry before, 64 hexadecimal digits; zeros for the first.
    #[schema(example = "0000000000000000000000000000000000000000000000000000000000000000")]
    pub prev_hash: String,
    /// SHA-256 over this entry and `prev_hash`, 64 hexadecimal digits.
    #[schema(example = "9f2c0d6c1f0c0f6f4b7c2e7a0d4f1c3b5a69788796a5b4c3d2e1f00112233445")]
    pub hash: String,
}

/// Who did something, and by which request. All members are absent for what the server did by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Who {
    /// The user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The user's name as it is today.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Byron")]
    pub name: Option<String>,
    /// The API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_id: Option<ApiKeyId>,
    /// The organisation acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation_id: Option<OrgId>,
    /// The request, for acts in this organisation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "5f0c9b1e2a7d4c3388ab01ef")]
    pub request_id: Option<String>,
    /// The client's address, for acts in this organisation's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "203.0.113.7")]
    pub ip: Option<IpAddr>,
}

/// The kinds of events that there are.
#[derive(Clone, Debug)]
pub(super) struct Kinds(Arc<[&'static str]>);

impl Kinds {
    pub(super) fn new(mut kinds: Vec<&'static str>) -> Self {
        kinds.sort_unstable();
        Self(kinds.into())
    }

    fn check(&self, kind: &str) -> Result<(), Problem> {
        if self.0.contains(&kind) {
            return Ok(());
        }
        let detail = format!("kind: {kind:?} is no kind of event; there are {}.", self.0.join(", "));
        Err(Problem::new(code::INVALID_QUERY, detail))
    }
}

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditQuery {
    /// Only this kind of event.
    #[param(example = "deal.approved")]
    kind: Option<String>,
    /// Only what happened to the thing with this id.
    #[param(example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    subject: Option<String>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The organisation's audit log, newest first
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "listAudit", tag = "organisation",
    security(("bearer" = ["audit:read"])), params(AuditQuery),
    responses((status = 200, description = "a page of entries", body = Page<AuditEntry>)))]
pub(super) async fn list_audit(
    State(app): State<App>,
    may: May<right::AuditRead>,
    Extension(kinds): Extension<Kinds>,
    ValidQuery(query): ValidQuery<AuditQuery>,
) -> Result<Page<AuditEntry>, Problem> {
    query.kind.as_deref().map(|kind| kinds.check(kind)).transpose()?;
    let subject = query
        .subject
        .as_deref()
        .map(|text| parse_id_text(text).ok_or_else(|| not_an_id(text)))
        .transpose()?;
    let scope = format!("audit {} {:?} {:?}", may.org.id, query.kind, query.subject);
    let paging = Paging::<i64>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let before = paging.after.unwrap_or(i64::MAX);
    let org = may.org.id;
    let rows = fetch(
        app.db.pool(),
        org,
        before,
        query.kind.as_deref(),
        subject,
        paging.fetch(),
    )
    .await?;
    let origins = rows
        .iter()
        .map(|row| serde_json::from_str(row.origin.get()).unwrap_or_default());
    let origins: Vec<Origin> = origins.collect();
    let names = names(app.db.pool(), &origins).await?;
    let rows: Vec<(Row, Origin)> = rows.into_iter().zip(origins).collect();
    Ok(paging.page(
        &app.cursors,
        rows,
        |(row, _)| row.no,
        |(row, origin)| item(row, origin, org, &names),
    ))
}

fn not_an_id(text: &str) -> Problem {
    Problem::new(
        code::INVALID_QUERY,
        format!("subject: {text:?} is not an id like deal_01kaqv6r3gf5ht2x0m8c9ezw4n."),
    )
}

fn item(row: Row, origin: Origin, org: OrgId, names: &BTreeMap<Uuid, String>) -> AuditEntry {
    // Another organisation's people are named, but not where they sat and which request it was.
    let own = origin.organisation_id == Some(org);
    let name = origin.user_id.and_then(|user| names.get(&user.uuid()).cloned());
    AuditEntry {
        position: row.position(),
        no: row.no,
        at: row.at,
        event_id: row.event_id.into(),
        subject: id_text(&row.subject_kind, row.subject_id).unwrap_or_else(|| row.subject_id.to_string()),
        kind: row.kind,
        who: Who {
            user_id: origin.user_id,
            name,
            api_key_id: origin.api_key_id,
            organisation_id: origin.organisation_id,
            request_id: origin.request_id.filter(|_| own),
            ip: origin.ip.filter(|_| own),
        },
        data: row.data.0,
        prev_hash: hex::encode(row.prev_hash),
        hash: hex::encode(row.hash),
    }
}

async fn names(pool: &PgPool, origins: &[Origin]) -> Result<BTreeMap<Uuid, String>, sqlx::Error> {
    let users: Vec<Uuid> = origins
        .iter()
        .filter_map(|origin| origin.user_id.map(UserId::uuid))
        .collect();
    let rows = sqlx::query!("SELECT id, name FROM user_account WHERE id = ANY($1)", &users)
        .fetch_all(pool)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Each combination of filters has an index of its own, so each has its query.
async fn fetch(
    pool: &PgPool,
    org: OrgId,
    before: i64,
    kind: Option<&str>,
    subject: Option<(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    match (kind, subject) {
        (None, None) => {
            sqlx::query_as!(
                Row,
                r#"SELECT org_id, no, at, event_id, event_tx, event_seq, kind, subject_kind, subject_id,
                          origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>", prev_hash, hash
                   FROM audit_entry WHERE org_id = $1 AND no < $2 ORDER BY no DESC LIMIT $3"#,
                org.uuid(),
                before,
                limit
            )
            .fetch_all(pool)
            .await
        }
        (Some(kind), None) => {
            sqlx::query_as!(
                Row,
                r#"SELECT org_id, no, at, event_id, event_tx, event_seq, kind, subject_kind, subject_id,
                          origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>", prev_hash, hash
                   FROM audit_entry WHERE org_id = $1 AND no < $2 AND kind = $4 ORDER BY no DESC LIMIT $3"#,
                org.uuid(),
                before,
                limit,
                kind
            )
            .fetch_all(pool)
            .await
        }
        (kind, Some((prefix, subject))) => {
            sqlx::query_as!(
                Row,
                r#"SELECT org_id, no, at, event_id, event_tx, event_seq, kind, subject_kind, subject_id,
                          origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>", prev_hash, hash
                   FROM audit_entry
                   WHERE org_id = $1 AND no < $2 AND subject_id = $4 AND subject_kind = $5
                     AND ($6::text IS NULL OR kind = $6)
                   ORDER BY no DESC LIMIT $3"#,
                org.uuid(),
                before,
                limit,
                subject,
                prefix,
                kind
            )
            .fetch_all(pool)
            .await
        }
    }
}
