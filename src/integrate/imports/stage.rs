//! What is written of a chunk, and the lease under which a node works.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{FileId, ImportId, OrgId, UserId};
use guildhall_spine::{
    access::OrgKind,
    db::{Db, Tx},
    event::Origin,
};
use serde_json::Value;
use sqlx::types::Json;

use super::{
    Mode, Status,
    kind::{Claim, Fault, Job, Ready},
    table::Header,
};

/// How long an import is a node's without a sign of life.
pub(super) const LEASE: TimeDelta = TimeDelta::minutes(2);
/// Faults that are kept of one import.
const MOST_FAULTS: i64 = 50_000;

/// Takes the oldest import that waits, or that a node has left, if there is one.
pub(super) async fn take(db: &Db, now: DateTime<Utc>) -> Result<Option<Job>, sqlx::Error> {
    let row = sqlx::query!(
        r#"UPDATE bulk_import i SET leased_until = $2, status = CASE WHEN i.status = 'queued' THEN 'running' ELSE i.status END
           FROM organisation o, import_file f
           WHERE i.id = (SELECT id FROM bulk_import
                         WHERE status IN ('queued', 'running', 'applying')
                           AND (leased_until IS NULL OR leased_until <= $1)
                         ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
             AND o.id = i.org_id AND f.id = i.file_id
           RETURNING i.id AS "id: ImportId", i.org_id AS "org: OrgId", o.kind AS "org_kind: OrgKind", o.name AS org_name,
                     i.kind, i.mode AS "mode: Mode", i.dry_run, i.invite, i.file_id AS "file: FileId", f.delimiter, f.columns,
                     i.mapping AS "mapping: Json<BTreeMap<String, String>>", i.rows_read,
                     i.origin AS "origin: Json<Origin>", i.created_by AS "by: UserId", i.leased_until AS "leased_until!""#,
        now,
        now + LEASE
    )
    .fetch_optional(db.pool())
    .await?;
    Ok(row.map(|row| Job {
        id: row.id,
        org: row.org,
        org_kind: row.org_kind,
        org_name: row.org_name,
        kind: row.kind,
        mode: row.mode,
        dry_run: row.dry_run,
        invite: row.invite,
        file: row.file,
        header: Header {
            delimiter: row.delimiter.bytes().next().unwrap_or(b','),
            columns: row.columns,
        },
        mapping: row.mapping.0,
        rows_read: row.rows_read,
        origin: row.origin.0,
        by: row.by,
        leased_until: row.leased_until,
    }))
}

/// Locks the import, if it is still this node's: neither stopped nor taken by another.
pub(super) async fn hold(tx: &mut Tx, job: &Job) -> Result<Option<Status>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT status AS "status: Status" FROM bulk_import
           WHERE id = $1 AND leased_until = $2 AND status IN ('running', 'applying') FOR NO KEY UPDATE"#,
        job.id.uuid(),
        job.leased_until
    )
    .fetch_optional(&mut **tx)
    .await
}

/// Of rows that claim something, those that claim what another row of the file has.
pub(super) async fn repeated(
    tx: &mut Tx,
    job: &Job,
    rows: Vec<Ready>,
) -> Result<(Vec<Ready>, Vec<Fault>), sqlx::Error> {
    let keys: Vec<String> = rows
        .iter()
        .filter_map(|row| row.claim.as_ref())
        .map(|claim| claim.key.clone())
        .collect();
    let staged = sqlx::query!(
        r#"SELECT DISTINCT claim AS "claim!", coalesce(holder, '') AS "holder!" FROM import_row
           WHERE import_id = $1 AND claim = ANY($2)"#,
        job.id.uuid(),
        &keys
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut holders: HashMap<String, String> = staged.into_iter().map(|row| (row.claim, row.holder)).collect();
    let (mut good, mut faults) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let Some(Claim { key, holder }) = row.claim.clone() else {
            good.push(row);
            continue;
        };
        let free = holders
            .get(&key)
            .is_none_or(|other| *other == holder && !holder.is_empty());
        if free {
            holders.insert(key, holder);
            good.push(row);
        } else {
            faults.push(Fault {
                no: row.no,
                field: None,
                code: "repeated".to_owned(),
                message: format!("an earlier row of this file is for {key}"),
            });
        }
    }
    Ok((good, faults))
}

/// How many rows that were kept of the file claim each of these.
pub(super) async fn claimed(tx: &mut Tx, job: &Job, keys: &[String]) -> Result<HashMap<String, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT claim AS "claim!", count(*) AS "count!" FROM import_row
           WHERE import_id = $1 AND claim = ANY($2) GROUP BY claim"#,
        job.id.uuid(),
        keys
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.claim, row.count)).collect())
}

/// Keeps good rows until the whole file was looked at; of a dry run, their claims alone.
pub(super) async fn keep(tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), sqlx::Error> {
    let kept: Vec<&Ready> = rows.iter().filter(|row| !job.dry_run || row.claim.is_some()).collect();
    let numbers: Vec<i64> = kept.iter().map(|row| row.no).collect();
    let claim = |row: &&Ready| row.claim.as_ref().map(|claim| claim.key.clone());
    let holder = |row: &&Ready| row.claim.as_ref().map(|claim| claim.holder.clone());
    let claims: Vec<String> = kept.iter().map(|row| claim(row).unwrap_or_default()).collect();
    let holders: Vec<String> = kept.iter().map(|row| holder(row).unwrap_or_default()).collect();
    let data: Vec<Value> = kept
        .iter()
        .map(|row| if job.dry_run { Value::Null } else { row.data.clone() })
        .collect();
    sqlx::query!(
        "INSERT INTO import_row (import_id, no, claim, holder, data)
         SELECT $1, n.no, nullif(n.claim, ''), nullif(n.holder, ''), nullif(n.data, 'null')
         FROM unnest($2::bigint[], $3::text[], $4::text[], $5::jsonb[]) n (no, claim, holder, data)",
        job.id.uuid(),
        &numbers,
        &claims,
        &holders,
        &data,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Rows that were kept, after `after`.
pub(super) async fn kept(tx: &mut Tx, job: &Job, after: i64, most: i64) -> Result<Vec<Ready>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT no, claim, holder, data AS "data!" FROM import_row
           WHERE import_id = $1 AND no > $2 AND data IS NOT NULL ORDER BY no LIMIT $3"#,
        job.id.uuid(),
        after,
        most
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Ready {
            no: row.no,
            data: row.data,
            claim: row.claim.map(|key| Claim {
                key,
                holder: row.holder.unwrap_or_default(),
            }),
        })
        .collect())
}

/// Writes faults down, as many as are kept.
pub(super) async fn report(tx: &mut Tx, job: &Job, faults: &[Fault]) -> Result<(), sqlx::Error> {
    let mut places: HashMap<i64, i16> = HashMap::new();
    let mut next_place = |no| {
        let place = places.entry(no).or_insert(-1);
        *place = place.saturating_add(1);
        *place
    };
    let numbers: Vec<i64> = faults.iter().map(|fault| fault.no).collect();
    let order: Vec<i16> = numbers.iter().map(|no| next_place(*no)).collect();
    let column = |fault: &Fault| {
        let field = fault.field.as_ref()?;
        Some(job.mapping.get(field).unwrap_or(field).clone())
    };
    let columns: Vec<String> = faults.iter().map(|fault| column(fault).unwrap_or_default()).collect();
    let codes: Vec<String> = faults.iter().map(|fault| fault.code.clone()).collect();
    let messages: Vec<String> = faults.iter().map(|fault| fault.message.clone()).collect();
    sqlx::query!(
        "INSERT INTO import_fault (import_id, no, place, col, code, message)
         SELECT $1, n.no, n.place, nullif(n.col, ''), n.code, n.message
         FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::text[], $6::text[]) n (no, place, col, code, message)
         LIMIT greatest(0, $7 - (SELECT count(*) FROM import_fault WHERE import_id = $1))",
        job.id.uuid(),
        &numbers,
        &order,
        &columns,
        &codes,
        &messages,
        MOST_FAULTS
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How far a chunk has brought the import.
pub(super) struct Step {
    pub(super) read: i64,
    pub(super) bad: i64,
    pub(super) applied: i64,
}

/// Moves the checkpoint of a held import and renews the lease. Returns whether progress is to be announced.
pub(super) async fn advance(tx: &mut Tx, job: &mut Job, step: &Step) -> Result<bool, sqlx::Error> {
    let now = tx.now();
    let until = now + LEASE;
    let announce = sqlx::query_scalar!(
        r#"UPDATE bulk_import n
           SET rows_read = o.rows_read + $2, rows_bad = o.rows_bad + $3, rows_applied = o.rows_applied + $4,
               leased_until = $5, failures = 0, version = o.version + 1,
               announced_at = CASE WHEN o.announced_at > $6::timestamptz - interval '1 second' THEN o.announced_at
                                   ELSE $6 END
           FROM bulk_import o WHERE n.id = $1 AND o.id = n.id
           RETURNING o.announced_at IS DISTINCT FROM n.announced_at AS "announce!""#,
        job.id.uuid(),
        step.read,
        step.bad,
        step.applied,
        until,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    job.rows_read += step.read;
    job.leased_until = until;
    Ok(announce)
}
