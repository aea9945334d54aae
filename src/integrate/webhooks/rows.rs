//! Rows of `webhook_endpoint`, and the log of its messages, as their organisation sees them.

use chrono::{DateTime, Utc};
use guildhall_kernel::{EventId, OrgId, UserId, WebhookEndpointId, WebhookMessageId};
use guildhall_spine::db::Tx;
use sqlx::PgConnection;

use super::{Outcome, WebhookEndpoint, WebhookMessage};

/// One endpoint of `org`.
pub(super) async fn get(
    conn: &mut PgConnection,
    org: OrgId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, sqlx::Error> {
    sqlx::query_as!(
        WebhookEndpoint,
        r#"SELECT id AS "id: WebhookEndpointId", url, description, kinds, topics, enabled, off_because,
                  created_by AS "created_by: UserId", version, created_at, updated_at
           FROM webhook_endpoint WHERE id = $1 AND org_id = $2 AND deleted_at IS NULL"#,
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// Like [`get`], with the row locked: before its messages are, whoever locks both.
pub(super) async fn lock(
    tx: &mut Tx,
    org: OrgId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>, sqlx::Error> {
    sqlx::query!(
        "SELECT FROM webhook_endpoint WHERE id = $1 AND org_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    get(tx, org, id).await
}

/// The organisation's endpoints after `after`, in the order they were made.
pub(super) async fn list(
    conn: &mut PgConnection,
    org: OrgId,
    after: Option<WebhookEndpointId>,
    limit: i64,
) -> Result<Vec<WebhookEndpoint>, sqlx::Error> {
    sqlx::query_as!(
        WebhookEndpoint,
        r#"SELECT id AS "id: WebhookEndpointId", url, description, kinds, topics, enabled, off_because,
                  created_by AS "created_by: UserId", version, created_at, updated_at
           FROM webhook_endpoint
           WHERE org_id = $1 AND deleted_at IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        org.uuid(),
        after.map(WebhookEndpointId::uuid),
        limit
    )
    .fetch_all(conn)
    .await
}

/// What an endpoint is made of, or changed to.
pub(super) struct Stored<'a> {
    pub(super) url: &'a str,
    pub(super) description: Option<&'a str>,
    pub(super) kinds: &'a [String],
    pub(super) topics: &'a [String],
    pub(super) enabled: bool,
}

/// How many endpoints `org` has. Holds until the transaction ends: making one takes the organisation's lock first.
pub(super) async fn count_locked(tx: &mut Tx, org: OrgId) -> Result<i64, sqlx::Error> {
    sqlx::query!("SELECT FROM organisation WHERE id = $1 FOR NO KEY UPDATE", org.uuid())
        .execute(&mut **tx)
        .await?;
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM webhook_endpoint WHERE org_id = $1 AND deleted_at IS NULL"#,
        org.uuid()
    )
    .fetch_one(&mut **tx)
    .await
}

/// A new endpoint.
pub(super) async fn insert(
    tx: &mut Tx,
    org: OrgId,
    by: Option<UserId>,
    new: &Stored<'_>,
) -> Result<WebhookEndpoint, sqlx::Error> {
    let (id, now): (WebhookEndpointId, _) = (tx.new_id(), tx.now());
    sqlx::query_as!(
        WebhookEndpoint,
        r#"INSERT INTO webhook_endpoint (id, org_id, url, description, kinds, topics, enabled, off_because, created_by,
                                         created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $7 THEN NULL ELSE 'member' END, $8, $9, $9)
           RETURNING id AS "id: WebhookEndpointId", url, description, kinds, topics, enabled, off_because,
                     created_by AS "created_by: UserId", version, created_at, updated_at"#,
        id.uuid(),
        org.uuid(),
        new.url,
        new.description,
        new.kinds,
        new.topics,
        new.enabled,
        by.map(UserId::uuid),
        now
    )
    .fetch_one(&mut **tx)
    .await
}

/// Stores the change of a locked endpoint. One that is switched on begins with a clean slate, and what waits is due now.
pub(super) async fn update(
    tx: &mut Tx,
    was: &WebhookEndpoint,
    to: &Stored<'_>,
) -> Result<WebhookEndpoint, sqlx::Error> {
    let now = tx.now();
    if to.enabled && !was.enabled {
        sqlx::query!(
            "UPDATE webhook_message SET due_at = $2, series = 0
             WHERE endpoint_id = $1 AND outcome = 'waiting' AND (due_at > $2 OR series > 0)",
            was.id.uuid(),
            now
        )
        .execute(&mut **tx)
        .await?;
        sqlx::query!(
            "UPDATE webhook_endpoint SET failing_since = NULL, pending_at = $2 WHERE id = $1",
            was.id.uuid(),
            now
        )
        .execute(&mut **tx)
        .await?;
        tx.wake_on_commit();
    }
    sqlx::query_as!(
        WebhookEndpoint,
        r#"UPDATE webhook_endpoint
           SET url = $2, description = $3, kinds = $4, topics = $5, enabled = $6,
               off_because = CASE WHEN $6 THEN NULL ELSE coalesce(off_because, 'member') END,
               version = version + 1, updated_at = $7
           WHERE id = $1
           RETURNING id AS "id: WebhookEndpointId", url, description, kinds, topics, enabled, off_because,
                     created_by AS "created_by: UserId", version, created_at, updated_at"#,
        was.id.uuid(),
        to.url,
        to.description,
        to.kinds,
        to.topics,
        to.enabled,
        now
    )
    .fetch_one(&mut **tx)
    .await
}

/// Notes that a locked endpoint has got another secret.
pub(super) async fn touch(tx: &mut Tx, org: OrgId, id: WebhookEndpointId) -> Result<WebhookEndpoint, sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE webhook_endpoint SET version = version + 1, updated_at = $2 WHERE id = $1",
        id.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    get(tx, org, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Ends a locked endpoint at once; upkeep clears away what it leaves.
pub(super) async fn delete(tx: &mut Tx, id: WebhookEndpointId) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE webhook_endpoint SET deleted_at = $2 WHERE id = $1",
        id.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One message to an endpoint of `org`.
pub(super) async fn message(
    conn: &mut PgConnection,
    org: OrgId,
    id: WebhookMessageId,
) -> Result<Option<WebhookMessage>, sqlx::Error> {
    sqlx::query_as!(
        WebhookMessage,
        r#"SELECT m.id AS "id: WebhookMessageId", m.endpoint_id AS "endpoint_id: WebhookEndpointId",
                  m.event_id AS "event_id: EventId", m.kind, m.outcome AS "outcome: Outcome",
                  m.due_at AS next_attempt_at, m.tries AS attempts, m.last_status, m.last_error, m.created_at, m.finished_at
           FROM webhook_message m JOIN webhook_endpoint e ON e.id = m.endpoint_id
           WHERE m.id = $1 AND e.org_id = $2 AND e.deleted_at IS NULL"#,
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The messages of an endpoint before `before`, the newest first; with an outcome, those alone.
pub(super) async fn messages(
    conn: &mut PgConnection,
    endpoint: WebhookEndpointId,
    outcome: Option<Outcome>,
    before: Option<WebhookMessageId>,
    limit: i64,
) -> Result<Vec<WebhookMessage>, sqlx::Error> {
    let before = before.map(WebhookMessageId::uuid);
    if let Some(outcome) = outcome {
        return sqlx::query_as!(
            WebhookMessage,
            r#"SELECT id AS "id: WebhookMessageId", endpoint_id AS "endpoint_id: WebhookEndpointId",
                      event_id AS "event_id: EventId", kind, outcome AS "outcome: Outcome",
                      due_at AS next_attempt_at, tries AS attempts, last_status, last_error, created_at, finished_at
               FROM webhook_message WHERE endpoint_id = $1 AND outcome = $2 AND ($3::uuid IS NULL OR id < $3)
               ORDER BY id DESC LIMIT $4"#,
            endpoint.uuid(),
            outcome.as_str(),
            before,
            limit
        )
        .fetch_all(conn)
        .await;
    }
    sqlx::query_as!(
        WebhookMessage,
        r#"SELECT id AS "id: WebhookMessageId", endpoint_id AS "endpoint_id: WebhookEndpointId",
                  event_id AS "event_id: EventId", kind, outcome AS "outcome: Outcome",
                  due_at AS next_attempt_at, tries AS attempts, last_status, last_error, created_at, finished_at
           FROM webhook_message WHERE endpoint_id = $1 AND ($2::uuid IS NULL OR id < $2)
           ORDER BY id DESC LIMIT $3"#,
        endpoint.uuid(),
        before,
        limit
    )
    .fetch_all(conn)
    .await
}

/// Makes a message due again, with all its tries before it. Its endpoint is locked.
pub(super) async fn requeue(tx: &mut Tx, id: WebhookMessageId) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE webhook_message SET outcome = 'waiting', due_at = $2, series = 0, finished_at = NULL WHERE id = $1",
        id.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Makes at most `most` messages of a locked endpoint due again that were given up since, and returns how many.
pub(super) async fn requeue_failed(
    tx: &mut Tx,
    endpoint: WebhookEndpointId,
    since: DateTime<Utc>,
    most: i64,
) -> Result<u64, sqlx::Error> {
    let now = tx.now();
    let queued = sqlx::query!(
        "UPDATE webhook_message SET outcome = 'waiting', due_at = $2, series = 0, finished_at = NULL
         WHERE id IN (SELECT id FROM webhook_message
                      WHERE endpoint_id = $1 AND outcome = 'failed' AND finished_at >= $3 ORDER BY id LIMIT $4)",
        endpoint.uuid(),
        now,
        since,
        most
    )
    .execute(&mut **tx)
    .await?;
    Ok(queued.rows_affected())
}
