//! What went over a connection, what did not, and trying that again.

use axum::extract::State;
use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, CrmSyncId, DealId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Command, Page, PageQuery, Paging, PathId, Problem, Reply, ValidQuery},
};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};

use super::connections::own;
use super::events::CrmReplayed;
use super::links::Nothing;
use super::log::{Direction, FieldChange, Logged, Outcome};

/// Which entries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SyncQuery {
    /// Only those of this deal.
    #[param(value_type = Option<String>, example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    deal_id: Option<DealId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// The sync log of a connection, newest first
///
/// Each entry says what was written, what it overwrote, whose value won and why.
#[utoipa::path(get, path = "/api/v1/crm-connections/{id}/sync", operation_id = "listCrmSync", tag = "crm",
    security(("bearer" = ["crm:read"])), params(("id" = CrmConnectionId, Path, description = "the connection"), SyncQuery),
    responses((status = 200, description = "a page of entries", body = Page<Logged>)))]
pub(super) async fn list_crm_sync(
    State(app): State<App>,
    may: May<right::CrmRead>,
    PathId(id): PathId<entity::CrmConnection>,
    ValidQuery(query): ValidQuery<SyncQuery>,
) -> Result<Page<Logged>, Problem> {
    own(&app, may.org.id, id).await?;
    let deal = query.deal_id.map(|deal| deal.to_string()).unwrap_or_default();
    let scope = format!("crm-sync {} {id} {deal}", may.org.id);
    let paging = Paging::<CrmSyncId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        Logged,
        r#"SELECT id AS "id: CrmSyncId", connection_id AS "connection_id: CrmConnectionId", deal_id AS "deal_id: DealId",
                  record_id, direction AS "direction: Direction", outcome AS "outcome: Outcome", error,
                  fields AS "fields: Json<Vec<FieldChange>>", at
           FROM crm_sync WHERE connection_id = $1 AND ($2::uuid IS NULL OR deal_id = $2) AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        id.uuid(),
        query.deal_id.map(DealId::uuid),
        paging.after.map(CrmSyncId::uuid),
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, |row| row))
}

/// Work that could not be done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmDeadLetterView {
    /// Its id.
    id: CrmSyncId,
    /// What: `sync` of a deal, `pull` of a record, `poll`, `drift` or `reconcile`.
    #[schema(example = "sync")]
    work: String,
    /// The deal's or the record's id.
    #[schema(example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    subject: String,
    /// Why, in the CRM's words.
    error: Option<String>,
    /// Since when.
    dead_at: Option<DateTime<Utc>>,
}

/// What could not be done over a connection, newest first
#[utoipa::path(get, path = "/api/v1/crm-connections/{id}/dead-letters", operation_id = "listCrmDeadLetters", tag = "crm",
    security(("bearer" = ["crm:read"])), params(("id" = CrmConnectionId, Path, description = "the connection"), PageQuery),
    responses((status = 200, description = "a page of dead letters", body = Page<CrmDeadLetterView>)))]
pub(super) async fn list_crm_dead_letters(
    State(app): State<App>,
    may: May<right::CrmRead>,
    PathId(id): PathId<entity::CrmConnection>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<CrmDeadLetterView>, Problem> {
    own(&app, may.org.id, id).await?;
    let scope = format!("crm-dead-letters {} {id}", may.org.id);
    let paging = Paging::<CrmSyncId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        CrmDeadLetterView,
        r#"SELECT id AS "id: CrmSyncId", kind AS work, subject, last_error AS error, dead_at
           FROM crm_work WHERE connection_id = $1 AND dead_at IS NOT NULL AND ($2::uuid IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3"#,
        id.uuid(),
        paging.after.map(CrmSyncId::uuid),
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, |row| row))
}

/// How much is tried again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmReplay {
    /// Pieces of work.
    count: u64,
}

/// Try everything again that could not be done over a connection
///
/// What is sent is the state of today, not that of the failure.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/replay", operation_id = "replayCrmDeadLetters", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(
        ("id" = CrmConnectionId, Path, description = "the connection"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    responses((status = 200, description = "how much", body = CrmReplay)))]
pub(super) async fn replay_crm_dead_letters(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    own(&app, may.org.id, id).await?;
    let now = command.tx.now();
    let raised = sqlx::query!(
        "UPDATE crm_work SET dead_at = NULL, attempts = 0, due_at = $2, generation = generation + 1
         WHERE connection_id = $1 AND dead_at IS NOT NULL",
        id.uuid(),
        now
    )
    .execute(&mut *command.tx)
    .await?;
    let count = raised.rows_affected();
    if count > 0 {
        let replayed = CrmReplayed {
            connection_id: id,
            vendor_id: may.org.id,
            count,
        };
        event::append(
            &mut command.tx,
            &may.actor.origin(),
            id,
            &[may.org.id.uuid()],
            &replayed,
        )
        .await?;
    }
    command.commit(Reply::ok(&CrmReplay { count })?).await
}
