//! The queue: which endpoints have something to be sent, and what came of it.
//!
//! An endpoint is taken as a whole, under a lease, so that a slow one holds up nobody but itself. `pending_at` says when
//! it has something to send. Whoever adds a message and whoever gives an endpoint back hold its row's lock while they read
//! the queue and set that time, so that no message is overlooked.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{EventId, OrgId, WebhookEndpointId, WebhookMessageId};
use guildhall_spine::{
    db::{Db, Tx},
    http::Problem,
};
use uuid::Uuid;

/// How long an endpoint is another node's while it delivers: longer than a batch takes that times out throughout.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(3);

/// An endpoint that this node has taken, until its lease ends, to deliver to.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) id: WebhookEndpointId,
    pub(super) org: OrgId,
    pub(super) url: String,
    pub(super) leased_until: DateTime<Utc>,
}

/// A message to be sent.
#[derive(Debug)]
pub(super) struct Due {
    pub(super) id: WebhookMessageId,
    pub(super) event_id: EventId,
    pub(super) body: String,
    pub(super) tries: i32,
    pub(super) series: i32,
}

/// A message to be queued.
pub(super) struct New {
    pub(super) endpoint: WebhookEndpointId,
    pub(super) event_id: EventId,
    pub(super) kind: String,
    pub(super) body: String,
}

/// Takes up to `most` endpoints that have something to be sent, those that wait longest first. The locks are free again
/// when this returns.
pub(super) async fn take(db: &Db, now: DateTime<Utc>, most: i64) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"UPDATE webhook_endpoint SET leased_until = $2, pending_at = $2
           WHERE id IN (SELECT id FROM webhook_endpoint
                        WHERE enabled AND deleted_at IS NULL AND pending_at <= $1
                          AND (leased_until IS NULL OR leased_until <= $1)
                        ORDER BY pending_at LIMIT $3 FOR NO KEY UPDATE SKIP LOCKED)
           RETURNING id, org_id, url, leased_until AS "leased_until!""#,
        now,
        now + LEASE,
        most
    )
    .fetch_all(db.pool())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Taken {
            id: row.id.into(),
            org: row.org_id.into(),
            url: row.url,
            leased_until: row.leased_until,
        })
        .collect())
}

/// The first messages of an endpoint that are due.
pub(super) async fn due(
    db: &Db,
    endpoint: WebhookEndpointId,
    now: DateTime<Utc>,
    most: i64,
) -> Result<Vec<Due>, sqlx::Error> {
    sqlx::query_as!(
        Due,
        r#"SELECT id AS "id: WebhookMessageId", event_id AS "event_id: EventId", body, tries, series
           FROM webhook_message WHERE endpoint_id = $1 AND outcome = 'waiting' AND due_at <= $2
           ORDER BY due_at, place LIMIT $3"#,
        endpoint.uuid(),
        now,
        most
    )
    .fetch_all(db.pool())
    .await
}

/// Gives an endpoint back.
pub(super) async fn give_back(db: &Db, taken: &Taken) -> Result<(), Problem> {
    let mut tx = db.begin().await?;
    let held = sqlx::query!(
        "SELECT FROM webhook_endpoint WHERE id = $1 AND leased_until = $2 FOR NO KEY UPDATE",
        taken.id.uuid(),
        taken.leased_until
    )
    .fetch_optional(&mut *tx)
    .await?;
    if held.is_none() {
        return Ok(());
    }
    // A statement of its own: it sees what was queued until the lock was there.
    sqlx::query!(
        "UPDATE webhook_endpoint SET leased_until = NULL,
                pending_at = (SELECT min(due_at) FROM webhook_message WHERE endpoint_id = $1 AND outcome = 'waiting')
         WHERE id = $1",
        taken.id.uuid()
    )
    .execute(&mut *tx)
    .await?;
    // The next batch is looked for at once.
    tx.wake_on_commit();
    tx.commit().await
}

/// Queues messages to endpoints that are locked. One that was queued before stays as it is.
pub(super) async fn add(tx: &mut Tx, messages: &[New]) -> Result<Vec<WebhookMessageId>, sqlx::Error> {
    let now = tx.now();
    let ids: Vec<Uuid> = messages
        .iter()
        .map(|_| WebhookMessageId::from(tx.new_id()).uuid())
        .collect();
    let endpoints: Vec<Uuid> = messages.iter().map(|message| message.endpoint.uuid()).collect();
    let events: Vec<Uuid> = messages.iter().map(|message| message.event_id.uuid()).collect();
    let kinds: Vec<String> = messages.iter().map(|message| message.kind.clone()).collect();
    let bodies: Vec<String> = messages.iter().map(|message| message.body.clone()).collect();
    sqlx::query!(
        "INSERT INTO webhook_message (id, endpoint_id, event_id, kind, body, outcome, due_at, created_at)
         SELECT m.id, m.endpoint_id, m.event_id, m.kind, m.body, 'waiting', $6, $6
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])
              WITH ORDINALITY m (id, endpoint_id, event_id, kind, body, no)
         ORDER BY m.no
         ON CONFLICT ON CONSTRAINT webhook_message_once DO NOTHING",
        &ids,
        &endpoints,
        &events,
        &kinds,
        &bodies,
        now
    )
    .execute(&mut **tx)
    .await?;
    pend(tx, &endpoints).await?;
    Ok(ids.into_iter().map(WebhookMessageId::from).collect())
}

/// Has locked endpoints looked at as soon as the transaction commits.
pub(super) async fn pend(tx: &mut Tx, endpoints: &[Uuid]) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE webhook_endpoint SET pending_at = least(pending_at, $2) WHERE id = ANY($1)",
        endpoints,
        now
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    Ok(())
}
