//! Rows of `program`. A vendor sees its own, a partner those that it stands in.

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::db::Tx;
use sqlx::PgConnection;
use uuid::Uuid;

use super::ProgramRecord;
use crate::organisations::NamedOrganisation;

struct Row {
    id: Uuid,
    vendor_id: Uuid,
    vendor_name: String,
    name: String,
    is_default: bool,
    archived_at: Option<DateTime<Utc>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for ProgramRecord {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            vendor: NamedOrganisation {
                id: row.vendor_id.into(),
                name: row.vendor_name,
            },
            name: row.name,
            is_default: row.is_default,
            archived_at: row.archived_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// One program that `org` may see.
pub(super) async fn get(
    conn: &mut PgConnection,
    org: OrgId,
    id: ProgramId,
) -> Result<Option<ProgramRecord>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.vendor_id, v.name AS vendor_name, p.name, p.is_default, p.archived_at, p.version,
                  p.created_at, p.updated_at
           FROM program p JOIN organisation v ON v.id = p.vendor_id
           WHERE p.id = $1 AND (p.vendor_id = $2
                 OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = p.vendor_id AND s.partner_id = $2
                            AND s.program_id = p.id AND s.status IN ('active', 'suspended')))"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(ProgramRecord::from))
}

/// A program of the vendor, locked.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: ProgramId) -> Result<Option<ProgramRecord>, sqlx::Error> {
    let found = sqlx::query!(
        "SELECT id FROM program WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    match found {
        Some(_) => get(tx, vendor, id).await,
        None => Ok(None),
    }
}

/// Whether partnerships may stand in it: the vendor has it, and it isn't archived. It stays so until `tx` ends.
pub(crate) async fn is_open(tx: &mut Tx, vendor: OrgId, id: ProgramId) -> Result<bool, sqlx::Error> {
    let found = sqlx::query!(
        "SELECT id FROM program WHERE id = $1 AND vendor_id = $2 AND archived_at IS NULL FOR SHARE",
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Whether a partnership that hasn't ended stands in it.
pub(super) async fn is_in_use(tx: &mut Tx, vendor: OrgId, id: ProgramId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM partnership
                          WHERE vendor_id = $1 AND program_id = $2 AND status <> 'ended') AS "used!""#,
        vendor.uuid(),
        id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await
}

/// The programs that `org` may see, after `after`.
pub(super) async fn page(
    conn: &mut PgConnection,
    org: OrgId,
    after: Option<ProgramId>,
    limit: i64,
) -> Result<Vec<ProgramRecord>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.vendor_id, v.name AS vendor_name, p.name, p.is_default, p.archived_at, p.version,
                  p.created_at, p.updated_at
           FROM program p JOIN organisation v ON v.id = p.vendor_id
           WHERE p.id IN (SELECT o.id FROM program o WHERE o.vendor_id = $1
                          UNION SELECT s.program_id FROM partnership s
                          WHERE s.partner_id = $1 AND s.status IN ('active', 'suspended'))
             AND ($2::uuid IS NULL OR p.id > $2)
           ORDER BY p.id LIMIT $3"#,
        org.uuid(),
        after.map(ProgramId::uuid),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ProgramRecord::from).collect())
}

/// Stores a new program of the vendor.
pub(super) async fn insert(tx: &mut Tx, vendor: OrgId, name: &str) -> Result<ProgramId, sqlx::Error> {
    let (id, now): (ProgramId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO program (id, vendor_id, name, is_default, created_at, updated_at) VALUES ($1, $2, $3, false, $4, $4)",
        id.uuid(),
        vendor.uuid(),
        name,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Stores what has changed of a locked program.
pub(super) async fn update(
    tx: &mut Tx,
    vendor: OrgId,
    id: ProgramId,
    name: &str,
    archived_at: Option<DateTime<Utc>>,
) -> Result<ProgramRecord, sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE program SET name = $3, archived_at = $4, updated_at = $5, version = version + 1
         WHERE id = $1 AND vendor_id = $2",
        id.uuid(),
        vendor.uuid(),
        name,
        archived_at,
        now,
    )
    .execute(&mut **tx)
    .await?;
    get(tx, vendor, id).await?.ok_or(sqlx::Error::RowNotFound)
}
