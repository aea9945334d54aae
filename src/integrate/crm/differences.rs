//! Where a deal and its record disagree: questions for a person, and what a reconciliation found.

use axum::extract::State;
use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, CrmDifferenceId, CrmLinkId, DealId, OrgId, UserId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Page, Paging, PathId, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::{IntoParams, ToSchema};

use super::connections::own;
use super::events::CrmDifferenceResolved;
use super::links::Nothing;
use super::log::{self, Entry, FieldChange, Outcome};
use super::mapping::FieldMapping;
use super::queue::{self, Work};
use super::{code, connection, deal, link, settle};

/// Where a difference comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CrmDifferenceSource)]
pub(super) enum Source {
    /// A person has to decide before the field is synced again.
    Ask,
    /// The last reconciliation named it.
    Reconciliation,
}

/// Whose value stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CrmSide)]
pub(super) enum Side {
    /// This side's.
    Prm,
    /// The CRM's.
    Crm,
}

/// A value on which a deal and its record disagree.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmDifference {
    /// Its id.
    id: CrmDifferenceId,
    /// Over which connection.
    connection_id: CrmConnectionId,
    /// The link.
    link_id: CrmLinkId,
    /// The deal.
    deal_id: DealId,
    /// Where it comes from.
    source: Source,
    /// The deal's field; `record` when there is no record.
    #[schema(example = "amount")]
    field: String,
    /// The CRM's field.
    #[schema(example = "Amount")]
    crm_field: String,
    /// What the deal has.
    #[schema(example = "3601.5")]
    prm_value: Option<String>,
    /// What the record has.
    #[schema(example = "4000")]
    crm_value: Option<String>,
    /// Why it is asked or named.
    why: String,
    /// When it was found.
    found_at: DateTime<Utc>,
    /// When it was resolved.
    resolved_at: Option<DateTime<Utc>>,
    /// By whom.
    resolved_by: Option<UserId>,
    /// Whose value stayed.
    kept: Option<Side>,
    /// Its version.
    #[schema(example = 1)]
    version: i64,
}

/// Which differences.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DifferenceQuery {
    /// Only those over this connection.
    #[param(value_type = Option<String>, example = "crm_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    connection_id: Option<CrmConnectionId>,
    /// Only those from here.
    source: Option<Source>,
    /// Only open ones, or only resolved ones.
    open: Option<bool>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmDecision {
    /// Whose value stays.
    keep: Side,
}

impl Validate for CrmDecision {
    fn validate(&self, _: &mut Checks) {}
}

async fn list(
    db: impl PgExecutor<'_>,
    vendor: OrgId,
    id: Option<CrmDifferenceId>,
    query: &DifferenceQuery,
    after: Option<CrmDifferenceId>,
    most: i64,
) -> Result<Vec<CrmDifference>, Problem> {
    let source = query.source.map(|source| match source {
        Source::Ask => "ask",
        Source::Reconciliation => "reconciliation",
    });
    Ok(sqlx::query_as!(
        CrmDifference,
        r#"SELECT id AS "id: CrmDifferenceId", connection_id AS "connection_id: CrmConnectionId",
                  link_id AS "link_id: CrmLinkId", deal_id AS "deal_id: DealId", source AS "source: Source", field,
                  crm_field, prm_value, crm_value, why, found_at, resolved_at, resolved_by AS "resolved_by: UserId",
                  kept AS "kept: Side", version
           FROM crm_difference
           WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR connection_id = $3)
             AND ($4::text IS NULL OR source = $4) AND ($5::boolean IS NULL OR (resolved_at IS NULL) = $5)
             AND ($6::uuid IS NULL OR id < $6)
           ORDER BY id DESC LIMIT $7"#,
        vendor.uuid(),
        id.map(CrmDifferenceId::uuid),
        query.connection_id.map(CrmConnectionId::uuid),
        source,
        query.open,
        after.map(CrmDifferenceId::uuid),
        most
    )
    .fetch_all(db)
    .await?)
}

/// Where deals and their records disagree, newest first
#[utoipa::path(get, path = "/api/v1/crm-differences", operation_id = "listCrmDifferences", tag = "crm",
    security(("bearer" = ["crm:read"])), params(DifferenceQuery),
    responses((status = 200, description = "a page of differences", body = Page<CrmDifference>)))]
pub(super) async fn list_crm_differences(
    State(app): State<App>,
    may: May<right::CrmRead>,
    ValidQuery(query): ValidQuery<DifferenceQuery>,
) -> Result<Page<CrmDifference>, Problem> {
    let scope = format!(
        "crm-differences {} {:?} {:?} {:?}",
        may.org.id, query.connection_id, query.source, query.open
    );
    let paging = Paging::<CrmDifferenceId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = list(app.db.pool(), may.org.id, None, &query, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, |row| row))
}

/// Decide a difference
///
/// The value that stays is written to the other side: to the deal at once, to the CRM by the queue.
#[utoipa::path(post, path = "/api/v1/crm-differences/{id}/resolve", operation_id = "resolveCrmDifference", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmDifferenceId, Path, description = "the difference"),
        ("If-Match" = String, Header, description = "the ETag, made of the version that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = CrmDecision, example = json!({"keep": "crm"})),
    responses((status = 200, description = "the difference", body = CrmDifference, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn resolve_crm_difference(
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmDifference>,
    if_match: IfMatch,
    command: Command<CrmDecision>,
) -> Result<Reply, Problem> {
    let (decision, mut command) = command.take();
    let tx = &mut command.tx;
    let held = lock(tx, may.org.id, id).await?;
    if_match.check(held.version)?;
    if held.resolved_at.is_some() {
        return Err(Problem::new(code::ALREADY_RESOLVED, "Look at what was decided."));
    }
    apply(tx, &held, decision.keep).await?;
    let now = tx.now();
    sqlx::query!(
        "UPDATE crm_difference SET resolved_at = $2, resolved_by = $3, kept = $4, version = version + 1 WHERE id = $1",
        id.uuid(),
        now,
        may.actor.user.map(UserId::uuid),
        decision.keep.as_str()
    )
    .execute(&mut **tx)
    .await?;
    let resolved = CrmDifferenceResolved {
        connection_id: held.connection_id,
        vendor_id: may.org.id,
        difference_id: id,
        deal_id: held.deal_id,
        kept: decision.keep.as_str().to_owned(),
    };
    event::append(tx, &may.actor.origin(), id, &[may.org.id.uuid()], &resolved).await?;
    let view = one(tx, may.org.id, id).await?;
    let reply = Reply::ok(&view)?.version(view.version);
    command.commit(reply).await
}

impl Side {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Prm => "prm",
            Self::Crm => "crm",
        }
    }
}

async fn one(tx: &mut Tx, vendor: OrgId, id: CrmDifferenceId) -> Result<CrmDifference, Problem> {
    let all = DifferenceQuery {
        connection_id: None,
        source: None,
        open: None,
        limit: None,
        cursor: None,
    };
    let found = list(&mut **tx, vendor, Some(id), &all, None, 1).await?;
    found.into_iter().next().ok_or_else(Problem::not_found)
}

/// Locks the difference, after its link: what comes from the CRM locks in this order too.
async fn lock(tx: &mut Tx, vendor: OrgId, id: CrmDifferenceId) -> Result<CrmDifference, Problem> {
    sqlx::query!(
        "SELECT l.id FROM crm_difference f JOIN crm_link l ON l.id = f.link_id
         WHERE f.id = $1 AND f.vendor_id = $2 FOR NO KEY UPDATE OF l",
        id.uuid(),
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    sqlx::query_scalar!(
        "SELECT version FROM crm_difference WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    one(tx, vendor, id).await
}

/// Writes the value that stays to the other side.
async fn apply(tx: &mut Tx, held: &CrmDifference, keep: Side) -> Result<(), Problem> {
    let connection = connection::load(&mut **tx, held.connection_id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let mut linked = link::lock(tx, held.link_id).await?.ok_or_else(Problem::not_found)?;
    let fits = |field: &&FieldMapping| field.prm.as_str() == held.field && field.crm == held.crm_field;
    let field = connection.mapping.fields.iter().find(fits).cloned();
    let field = field.ok_or_else(|| {
        let message = "the field isn't mapped any more: relink the record, or map the field";
        Problem::field("/keep", "unmapped", message)
    })?;
    linked.crm_seen.insert(field.crm.clone(), held.crm_value.clone());
    let why = "a person decided".to_owned();
    let mut change = FieldChange {
        prm: held.field.clone(),
        crm: held.crm_field.clone(),
        old: held.crm_value.clone(),
        new: held.prm_value.clone(),
        winner: "prm".to_owned(),
        why,
    };
    match keep {
        Side::Prm => {
            linked.prm_seen.remove(field.prm.as_str());
            queue::ask(tx, connection.id, Work::Sync, &held.deal_id.to_string()).await?;
        }
        Side::Crm => {
            let ours = field.inward(held.crm_value.as_deref()).ok_or_else(|| {
                Problem::field(
                    "/keep",
                    "meaningless",
                    "the CRM's value means nothing here: keep prm, or map the value",
                )
            })?;
            let stage = linked.stage.clone();
            let now = deal::load(tx, connection.vendor, held.deal_id, stage.as_deref()).await?;
            let now = now.ok_or_else(Problem::not_found)?;
            let at = tx.now();
            settle::write(tx, &connection, &mut linked, &now, &[(field.prm, ours.clone())], at).await?;
            (change.old, change.new) = (now.value(field.prm).map(str::to_owned), Some(ours.clone()));
            "crm".clone_into(&mut change.winner);
            linked.prm_seen.insert(field.prm.as_str().to_owned(), Some(ours));
        }
    }
    link::remember(tx, &linked).await?;
    let entry = Entry {
        deal: Some(held.deal_id),
        record: linked.record.clone(),
        fields: vec![change],
        ..Entry::new(Outcome::Difference)
    };
    log::write(tx, connection.id, &entry).await
}

/// Compare every linked record with its deal
///
/// Runs in the background: the event `crm.reconciled` and the connection's health tell of its end, and
/// `GET /api/v1/crm-differences?source=reconciliation` names every difference. Nothing is changed on either side.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/reconcile", operation_id = "reconcileCrmConnection", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmConnectionId, Path, description = "the connection"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    responses((status = 204, description = "it has begun")))]
pub(super) async fn reconcile_crm_connection(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    own(&app, may.org.id, id).await?;
    queue::ask(&mut command.tx, id, Work::Reconcile, "").await?;
    command.commit(Reply::no_content()).await
}
