//! Reading the log. No reader steps over a row whose transaction is still open: each query stops below the oldest
//! running transaction of its own snapshot.

use chrono::{DateTime, Duration, Utc};
use guildhall_kernel::EventId;
use serde_json::value::RawValue;
use sqlx::{PgExecutor, PgPool, types::Json};
use uuid::Uuid;

use super::{Position, Topic};

/// An event as the log has it.
#[derive(Debug)]
pub struct Recorded {
    /// Its place.
    pub position: Position,
    /// When the change happened.
    pub at: DateTime<Utc>,
    /// Its id.
    pub id: EventId,
    /// Its kind, like `deal.approved`.
    pub kind: String,
    /// Its topic's name.
    pub topic: String,
    /// The prefix of the subject's id.
    pub subject_kind: String,
    /// What it happened to.
    pub subject_id: Uuid,
    /// Organisations and users that hear of it.
    pub audiences: Vec<Uuid>,
    /// Who caused it ([`super::Origin`]).
    pub origin: Box<RawValue>,
    /// The payload.
    pub data: Box<RawValue>,
}

struct Row {
    tx: i64,
    seq: i64,
    at: DateTime<Utc>,
    id: Uuid,
    kind: String,
    topic: String,
    subject_kind: String,
    subject_id: Uuid,
    audiences: Vec<Uuid>,
    origin: Json<Box<RawValue>>,
    data: Json<Box<RawValue>>,
}

impl From<Row> for Recorded {
    fn from(row: Row) -> Self {
        Self {
            position: Position {
                tx: row.tx,
                seq: row.seq,
            },
            at: row.at,
            id: row.id.into(),
            kind: row.kind,
            topic: row.topic,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            audiences: row.audiences,
            origin: row.origin.0,
            data: row.data.0,
        }
    }
}

/// The first `limit` final events after `after`, in order; 500 at most.
///
/// Every commit has this asked. The position stands in sub-selects and the limit around a fixed one so that the values
/// tell the planner nothing: for these very ones a plan would be made each time, which takes longer than to run it.
///
/// # Errors
/// When the database fails.
pub async fn read(db: impl PgExecutor<'_>, after: Position, limit: i64) -> Result<Vec<Recorded>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT tx, seq, at, id, kind, topic, subject_kind, subject_id, audiences,
                  origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>"
           FROM (SELECT * FROM event
                 WHERE (tx, seq) > ((SELECT $1::bigint), (SELECT $2::bigint)) AND tx < event_horizon()
                 ORDER BY tx, seq LIMIT 500) first
           ORDER BY tx, seq LIMIT $3"#,
        after.tx,
        after.seq,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Recorded::from).collect())
}

/// Whether there are events after `after` that are committed and not final yet: an older transaction is still open,
/// and nothing tells when it ends.
///
/// # Errors
/// When the database fails.
pub(super) async fn held_back(db: impl PgExecutor<'_>, after: Position) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM event WHERE (tx, seq) > ($1, $2)) AS "held!""#,
        after.tx,
        after.seq
    )
    .fetch_one(db)
    .await
}

/// The event at `position`, if it is still kept.
///
/// # Errors
/// When the database fails.
pub(super) async fn read_one(db: impl PgExecutor<'_>, position: Position) -> Result<Option<Recorded>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT tx, seq, at, id, kind, topic, subject_kind, subject_id, audiences,
                  origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>"
           FROM event WHERE tx = $1 AND seq = $2"#,
        position.tx,
        position.seq,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Recorded::from))
}

/// What one client hears: the events of its audiences that have one of these topics. The user's own topic
/// ([`Topic::Account`]) is heard through the user's audience only.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The organisation acted for, and the topics permitted there.
    pub org: Option<(Uuid, Vec<Topic>)>,
    /// The user.
    pub user: Option<Uuid>,
    /// Only events about this thing.
    pub subject: Option<Uuid>,
}

/// Where a feed may begin.
#[derive(Clone, Copy, Debug)]
pub struct FeedStart {
    /// Events up to this transaction have been dropped.
    pub expired_tx: i64,
    /// Every event below this transaction is final.
    pub horizon_tx: i64,
}

/// The bounds of the log right now.
///
/// # Errors
/// When the database fails.
pub async fn start_of_feed(db: impl PgExecutor<'_>) -> Result<FeedStart, sqlx::Error> {
    sqlx::query_as!(
        FeedStart,
        r#"SELECT expired_tx, event_horizon() AS "horizon_tx!" FROM event_epoch"#
    )
    .fetch_one(db)
    .await
}

/// The first `limit` final events of `feed` after `after`, in order; at most up to `until` when given.
///
/// # Errors
/// When the database fails.
pub async fn read_feed(
    db: impl PgExecutor<'_>,
    feed: &Feed,
    after: Position,
    until: Option<Position>,
    limit: i64,
) -> Result<Vec<Recorded>, sqlx::Error> {
    let (org, topics) = feed
        .org
        .clone()
        .map_or((None, Vec::new()), |(org, topics)| (Some(org), topics));
    let topics: Vec<String> = topics.into_iter().map(|topic| topic.as_str().to_owned()).collect();
    let until = until.unwrap_or(Position {
        tx: i64::MAX,
        seq: i64::MAX,
    });
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.tx AS "tx!", e.seq AS "seq!", e.at AS "at!", e.id AS "id!", e.kind AS "kind!", e.topic AS "topic!",
                  e.subject_kind AS "subject_kind!", e.subject_id AS "subject_id!", e.audiences AS "audiences!",
                  e.origin AS "origin!: Json<Box<RawValue>>", e.data AS "data!: Json<Box<RawValue>>"
           FROM (
               (SELECT a.tx, a.seq, a.at FROM event_audience a
                WHERE a.audience = $1 AND a.topic = ANY($2) AND ($8::uuid IS NULL OR a.subject_id = $8)
                  AND (a.tx, a.seq) > ($4, $5) AND (a.tx, a.seq) <= ($6, $7) AND a.tx < event_horizon()
                ORDER BY a.tx, a.seq LIMIT $9)
               UNION
               (SELECT a.tx, a.seq, a.at FROM event_audience a
                WHERE a.audience = $3 AND ($8::uuid IS NULL OR a.subject_id = $8)
                  AND (a.tx, a.seq) > ($4, $5) AND (a.tx, a.seq) <= ($6, $7) AND a.tx < event_horizon()
                ORDER BY a.tx, a.seq LIMIT $9)
           ) place
           JOIN event e ON e.tx = place.tx AND e.seq = place.seq AND e.at = place.at
           ORDER BY e.tx, e.seq
           LIMIT $9"#,
        org,
        &topics,
        feed.user,
        after.tx,
        after.seq,
        until.tx,
        until.seq,
        feed.subject,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Recorded::from).collect())
}

/// Whether `feed` has more than `limit` final events after `after`.
///
/// # Errors
/// When the database fails.
pub async fn more_than(db: impl PgExecutor<'_>, feed: &Feed, after: Position, limit: i64) -> Result<bool, sqlx::Error> {
    let (org, topics) = feed
        .org
        .clone()
        .map_or((None, Vec::new()), |(org, topics)| (Some(org), topics));
    let topics: Vec<String> = topics.into_iter().map(|topic| topic.as_str().to_owned()).collect();
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM event_audience
               WHERE ((audience = $1 AND topic = ANY($2)) OR audience = $3) AND (tx, seq) > ($4, $5)
                 AND tx < event_horizon()
               OFFSET $6
           ) AS "more!""#,
        org,
        &topics,
        feed.user,
        after.tx,
        after.seq,
        limit,
    )
    .fetch_one(db)
    .await
}

/// Daily upkeep: makes the coming month's partitions, and drops whole months that ended before `retention_days`
/// ago and that every consumer has passed.
///
/// # Errors
/// When the database fails; nothing is half done.
pub async fn maintain(pool: &PgPool, now: DateTime<Utc>, retention_days: u32) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!("SELECT event_log_ensure($1)", now)
        .execute(&mut *tx)
        .await?;
    let before = now - Duration::days(i64::from(retention_days));
    sqlx::query!("SELECT event_log_expire($1)", before)
        .execute(&mut *tx)
        .await?;
    tx.commit().await
}
