//! The audit log's statements.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgExecutor, types::Json};
use uuid::Uuid;

use super::{
    chain::{Hash, Link},
    record::{Chained, Head, Planned},
};
use crate::event::Position;

/// An entry as it is stored.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) org_id: Uuid,
    pub(super) no: i64,
    pub(super) at: DateTime<Utc>,
    pub(super) event_id: Uuid,
    pub(super) event_tx: i64,
    pub(super) event_seq: i64,
    pub(super) kind: String,
    pub(super) subject_kind: String,
    pub(super) subject_id: Uuid,
    pub(super) origin: Json<Box<RawValue>>,
    pub(super) data: Json<Box<RawValue>>,
    pub(super) prev_hash: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl Row {
    pub(super) const fn position(&self) -> Position {
        Position {
            tx: self.event_tx,
            seq: self.event_seq,
        }
    }

    pub(super) fn link(&self) -> Link<'_> {
        Link {
            org: self.org_id,
            no: self.no,
            at: self.at,
            event_id: self.event_id,
            position: self.position(),
            kind: &self.kind,
            subject_kind: &self.subject_kind,
            subject_id: self.subject_id,
            origin: &self.origin.0,
            data: &self.data.0,
            prev_hash: &self.prev_hash,
        }
    }
}

/// Those of `ids` that are organisations.
pub(super) async fn organisations(db: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!("SELECT id FROM organisation WHERE id = ANY($1)", ids)
        .fetch_all(db)
        .await
}

/// The heads of those of `chains` that have one, locked until the transaction ends.
pub(super) async fn lock_heads(db: &mut PgConnection, chains: &[Uuid]) -> Result<BTreeMap<Uuid, Head>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT org_id, no, hash FROM audit_head WHERE org_id = ANY($1) ORDER BY org_id FOR UPDATE",
        chains
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.org_id,
                Head {
                    no: row.no,
                    hash: hash(row.hash)?,
                },
            ))
        })
        .collect()
}

/// The head of a chain.
pub(super) async fn head(db: impl PgExecutor<'_>, org: Uuid) -> Result<Option<Head>, sqlx::Error> {
    let row = sqlx::query!("SELECT no, hash FROM audit_head WHERE org_id = $1", org)
        .fetch_optional(db)
        .await?;
    row.map(|row| {
        Ok(Head {
            no: row.no,
            hash: hash(row.hash)?,
        })
    })
    .transpose()
}

fn hash(bytes: Vec<u8>) -> Result<Hash, sqlx::Error> {
    bytes
        .try_into()
        .map_err(|_| sqlx::Error::Decode("a hash in audit_head doesn't have 32 bytes".into()))
}

/// The entries about the events of `planned`, as (event, chain).
pub(super) async fn present(
    db: &mut PgConnection,
    planned: &[Planned<'_>],
) -> Result<HashSet<(Uuid, Uuid)>, sqlx::Error> {
    let events: BTreeMap<Uuid, DateTime<Utc>> = planned
        .iter()
        .map(|planned| (planned.event.id.uuid(), planned.event.at))
        .collect();
    let (events, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = events.into_iter().unzip();
    // Not by chain as well: on a young partition the planner would then walk the whole chain.
    let rows = sqlx::query!(
        "SELECT a.event_id, a.org_id
         FROM unnest($1::uuid[], $2::timestamptz[]) AS wanted (event_id, at)
         JOIN audit_entry a ON a.event_id = wanted.event_id AND a.at = wanted.at",
        &events,
        &times
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.event_id, row.org_id)).collect())
}

/// Stores entries.
#[expect(
    clippy::as_conversions,
    reason = "sqlx names a parameter's type this way and converts nothing"
)]
pub(super) async fn insert(db: &mut PgConnection, entries: &[Chained<'_>]) -> Result<(), sqlx::Error> {
    fn column<'a, T>(entries: &'a [Chained<'a>], of: impl Fn(&'a Chained<'a>) -> T) -> Vec<T> {
        entries.iter().map(of).collect()
    }
    sqlx::query!(
        "INSERT INTO audit_entry (org_id, no, at, event_id, event_tx, event_seq, kind, subject_kind, subject_id,
                                  origin, data, prev_hash, hash)
         SELECT org_id, no, at, event_id, tx, seq, kind, subject_kind, subject_id, origin::jsonb, data::jsonb,
                prev_hash, hash
         FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::uuid[], $5::bigint[], $6::bigint[], $7::text[],
                     $8::text[], $9::uuid[], $10::text[], $11::text[], $12::bytea[], $13::bytea[])
           AS entry (org_id, no, at, event_id, tx, seq, kind, subject_kind, subject_id, origin, data, prev_hash, hash)",
        &column(entries, |entry| entry.link.org),
        &column(entries, |entry| entry.no),
        &column(entries, |entry| entry.link.event.at),
        &column(entries, |entry| entry.link.event.id.uuid()),
        &column(entries, |entry| entry.link.event.position.tx),
        &column(entries, |entry| entry.link.event.position.seq),
        &column(entries, |entry| entry.link.event.kind.as_str()) as &[&str],
        &column(entries, |entry| entry.link.event.subject_kind.as_str()) as &[&str],
        &column(entries, |entry| entry.link.event.subject_id),
        &column(entries, |entry| entry.link.event.origin.get()) as &[&str],
        &column(entries, |entry| entry.link.event.data.get()) as &[&str],
        &column(entries, |entry| entry.prev_hash.as_slice()) as &[&[u8]],
        &column(entries, |entry| entry.hash.as_slice()) as &[&[u8]],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves the heads of chains.
#[expect(
    clippy::as_conversions,
    reason = "sqlx names a parameter's type this way and converts nothing"
)]
pub(super) async fn store_heads(db: &mut PgConnection, heads: &BTreeMap<Uuid, Head>) -> Result<(), sqlx::Error> {
    let chains: Vec<Uuid> = heads.keys().copied().collect();
    let places: Vec<i64> = heads.values().map(|head| head.no).collect();
    let hashes: Vec<&[u8]> = heads.values().map(|head| head.hash.as_slice()).collect();
    sqlx::query!(
        "INSERT INTO audit_head (org_id, no, hash)
         SELECT org_id, no, hash FROM unnest($1::uuid[], $2::bigint[], $3::bytea[]) AS head (org_id, no, hash)
         ON CONFLICT (org_id) DO UPDATE SET no = excluded.no, hash = excluded.hash",
        &chains,
        &places,
        &hashes as &[&[u8]]
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The first `limit` entries of a chain after the one with `no` and `at`, upward.
pub(super) async fn upward(
    db: &mut PgConnection,
    org: Uuid,
    (no, at): (i64, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT org_id, no, at, event_id, event_tx, event_seq, kind, subject_kind, subject_id,
                  origin AS "origin: Json<Box<RawValue>>", data AS "data: Json<Box<RawValue>>", prev_hash, hash
           FROM audit_entry WHERE org_id = $1 AND (no, at) > ($2, $3) ORDER BY no, at LIMIT $4"#,
        org,
        no,
        at,
        limit
    )
    .fetch_all(db)
    .await
}

/// The chain after `after`, by id; chains without a head count too.
pub(super) async fn next_chain(db: &mut PgConnection, after: Option<Uuid>) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT least(
             (SELECT org_id FROM audit_head WHERE $1::uuid IS NULL OR org_id > $1 ORDER BY org_id LIMIT 1),
             (SELECT org_id FROM audit_entry WHERE $1::uuid IS NULL OR org_id > $1 ORDER BY org_id LIMIT 1)
         )",
        after
    )
    .fetch_one(db)
    .await
}
