//! Which deal is which record.

use axum::extract::State;
use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, CrmLinkId, DealId, OrgId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Checks, Command, IfMatch, Page, PageQuery, Paging, PathId, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::ToSchema;

use super::connection::{self, Connection};
use super::connections::own;
use super::events::CrmRelinked;
use super::log::{self, Entry, Outcome};
use super::queue::{self, Work};
use super::{Kind, follow, link};

/// A deal and its record in the CRM.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CrmLink)]
pub(super) struct LinkView {
    /// Its id.
    id: CrmLinkId,
    /// Over which connection.
    connection_id: CrmConnectionId,
    /// The deal.
    deal_id: DealId,
    /// The record; `null` until it is made.
    #[schema(example = "0065g00000AbCdE")]
    record_id: Option<String>,
    /// `pending`, `linked` or `disconnected`.
    #[schema(example = "linked")]
    status: String,
    /// Why it is disconnected: the record was `deleted` or `merged`.
    reason: Option<String>,
    /// The record that it was merged into.
    merged_into: Option<String>,
    /// The stage in the CRM's own words, when it is mapped.
    stage: Option<String>,
    /// The newest change of the record that was seen.
    crm_modified_at: Option<DateTime<Utc>>,
    /// When both sides were last brought together.
    synced_at: Option<DateTime<Utc>>,
    /// Its version.
    #[schema(example = 1)]
    version: i64,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// An existing record for a deal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCrmLink {
    /// A deal of the vendor.
    deal_id: DealId,
    /// The record's id in the CRM.
    #[schema(example = "0065g00000AbCdE")]
    record_id: String,
}

/// Another record for a deal.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmRelink {
    /// The record's id in the CRM; without it, a new record is made.
    #[serde(default)]
    #[schema(example = "0065g00000AbCdE")]
    record_id: Option<String>,
}

fn check_record(checks: &mut Checks, record: &str) {
    checks.check(
        super::create::is_name(record),
        "/record_id",
        "invalid",
        "must be the id of a record in the CRM",
    );
}

impl Validate for NewCrmLink {
    fn validate(&self, checks: &mut Checks) {
        check_record(checks, &self.record_id);
    }
}

impl Validate for CrmRelink {
    fn validate(&self, checks: &mut Checks) {
        if let Some(record) = &self.record_id {
            check_record(checks, record);
        }
    }
}

async fn list(
    db: impl PgExecutor<'_>,
    connection: CrmConnectionId,
    id: Option<CrmLinkId>,
    after: Option<CrmLinkId>,
    most: i64,
) -> Result<Vec<LinkView>, Problem> {
    Ok(sqlx::query_as!(
        LinkView,
        r#"SELECT id AS "id: CrmLinkId", connection_id AS "connection_id: CrmConnectionId", deal_id AS "deal_id: DealId",
                  record_id, status, reason, merged_into, stage, crm_modified_at, synced_at, version, created_at
           FROM crm_link WHERE connection_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        connection.uuid(),
        id.map(CrmLinkId::uuid),
        after.map(CrmLinkId::uuid),
        most
    )
    .fetch_all(db)
    .await?)
}

async fn answer(
    command: Command<()>,
    connection: CrmConnectionId,
    id: CrmLinkId,
    made: bool,
) -> Result<Reply, Problem> {
    let mut command = command;
    let found = list(&mut *command.tx, connection, Some(id), None, 1).await?;
    let view = found.into_iter().next().ok_or_else(Problem::not_found)?;
    let reply = if made {
        Reply::created(&format!("/api/v1/crm-connections/{connection}/links"), &view)?
    } else {
        Reply::ok(&view)?
    };
    command.commit(reply.version(view.version)).await
}

/// The links of a connection, newest first
#[utoipa::path(get, path = "/api/v1/crm-connections/{id}/links", operation_id = "listCrmLinks", tag = "crm",
    security(("bearer" = ["crm:read"])), params(("id" = CrmConnectionId, Path, description = "the connection"), PageQuery),
    responses((status = 200, description = "a page of links", body = Page<LinkView>)))]
pub(super) async fn list_crm_links(
    State(app): State<App>,
    may: May<right::CrmRead>,
    PathId(id): PathId<entity::CrmConnection>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<LinkView>, Problem> {
    own(&app, may.org.id, id).await?;
    let scope = format!("crm-links {} {id}", may.org.id);
    let paging = Paging::<CrmLinkId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = list(app.db.pool(), id, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, |row| row))
}

/// Link a deal to a record that is there already
///
/// Both are then brought together by the mapping's rules; nothing is made anew.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/links", operation_id = "linkCrmRecord", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmConnectionId, Path, description = "the connection"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = NewCrmLink, example = json!({"deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n", "record_id": "0065g00000AbCdE"})),
    responses((status = 201, description = "linked", body = LinkView, headers(("Location" = String), ("ETag" = String, description = "its version")))))]
pub(super) async fn link_crm_record(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    command: Command<NewCrmLink>,
) -> Result<Reply, Problem> {
    let connection = own(&app, may.org.id, id).await?;
    let (new, mut command) = command.take();
    let tx = &mut command.tx;
    if super::deal::load(tx, may.org.id, new.deal_id, None).await?.is_none() {
        return Err(Problem::field("/deal_id", "unknown", "must be a deal of yours"));
    }
    follow::make(tx, id, may.org.id, new.deal_id).await?;
    let made = link::of_deal(&mut **tx, id, new.deal_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let held = link::lock(tx, made.id).await?.ok_or_else(Problem::not_found)?;
    if held.status == "linked" {
        let detail = "The deal has a record already: relink it instead.";
        return Err(Problem::new(super::code::RECORD_LINKED, detail));
    }
    link::connect(tx, &connection, &held, &new.record_id).await?;
    bring_together(tx, &connection, &new.record_id).await?;
    answer(command, id, held.id, true).await
}

async fn bring_together(
    tx: &mut guildhall_spine::db::Tx,
    connection: &Connection,
    record: &str,
) -> Result<(), Problem> {
    if connection.kind == Kind::Webhook {
        return Ok(());
    }
    queue::ask(tx, connection.id, Work::Pull, record).await
}

/// Give a deal another record
///
/// For one that was merged or deleted in the CRM. Without `record_id`, a new record is made.
#[utoipa::path(post, path = "/api/v1/crm-links/{id}/relink", operation_id = "relinkCrmRecord", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmLinkId, Path, description = "the link"),
        ("If-Match" = String, Header, description = "the ETag of the link", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = CrmRelink, example = json!({"record_id": "0065g00000AbCdE"})),
    responses((status = 200, description = "the link", body = LinkView, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn relink_crm_record(
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmLink>,
    if_match: IfMatch,
    command: Command<CrmRelink>,
) -> Result<Reply, Problem> {
    let (wish, mut command) = command.take();
    let tx = &mut command.tx;
    let (connection, version) = reach(tx, may.org.id, id).await?;
    if_match.check(version)?;
    let held = link::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    forget(tx, id).await?;
    let relinked = CrmRelinked {
        connection_id: connection.id,
        vendor_id: may.org.id,
        link_id: id,
        deal_id: held.deal,
        record_id: wish.record_id.clone(),
    };
    event::append(tx, &may.actor.origin(), id, &[may.org.id.uuid()], &relinked).await?;
    match &wish.record_id {
        Some(record) => {
            link::connect(tx, &connection, &held, record).await?;
            bring_together(tx, &connection, record).await?;
        }
        None => queue::ask(tx, connection.id, Work::Sync, &held.deal.to_string()).await?,
    }
    let entry = Entry {
        deal: Some(held.deal),
        record: wish.record_id,
        ..Entry::new(Outcome::Relinked)
    };
    log::write(tx, connection.id, &entry).await?;
    answer(command, connection.id, id, false).await
}

async fn reach(tx: &mut guildhall_spine::db::Tx, vendor: OrgId, id: CrmLinkId) -> Result<(Connection, i64), Problem> {
    let row = sqlx::query!(
        r#"SELECT connection_id AS "connection_id: CrmConnectionId", version FROM crm_link
           WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE"#,
        id.uuid(),
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    let connection = connection::load(&mut **tx, row.connection_id).await?;
    Ok((connection.ok_or_else(Problem::not_found)?, row.version))
}

/// What was seen was of another record.
async fn forget(tx: &mut guildhall_spine::db::Tx, id: CrmLinkId) -> Result<(), Problem> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_link SET status = 'pending', record_id = NULL, reason = NULL, merged_into = NULL, crm_seen = '{}',
                prm_seen = '{}', crm_modified_at = NULL, version = version + 1, updated_at = $2 WHERE id = $1",
        id.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Send the deals that are approved already
///
/// For a connection that is younger than they are. Each becomes a record once; deals that have one are left alone. At most
/// 1000 at a time: repeat it until it answers 0.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/push", operation_id = "pushCrmDeals", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmConnectionId, Path, description = "the connection"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    responses((status = 200, description = "how many were queued", body = CrmPushed)))]
pub(super) async fn push_crm_deals(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    own(&app, may.org.id, id).await?;
    let tx = &mut command.tx;
    let deals = sqlx::query_scalar!(
        r#"SELECT d.id AS "id: DealId" FROM deal d
           WHERE d.vendor_id = $1 AND d.status = 'approved'
             AND NOT EXISTS (SELECT FROM crm_link l WHERE l.connection_id = $2 AND l.deal_id = d.id)
           ORDER BY d.id LIMIT 1000"#,
        may.org.id.uuid(),
        id.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    for deal in &deals {
        follow::make(tx, id, may.org.id, *deal).await?;
        queue::ask(tx, id, Work::Sync, &deal.to_string()).await?;
    }
    command.commit(Reply::ok(&CrmPushed { queued: deals.len() })?).await
}

/// How many deals were queued.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmPushed {
    /// The number.
    queued: usize,
}

/// A command without a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checks) {}
}
