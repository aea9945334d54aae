//! Rows of `bulk_import` and `import_file`, as their organisation sees them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_kernel::{FileId, ImportId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::{PgConnection, types::Json};

use super::{Import, ImportFile, Mode, Status, table::Header};

/// What is known of a file whose bytes are there.
pub(super) struct NewFile {
    pub(super) id: FileId,
    pub(super) size: i64,
    /// SHA-256 of the content.
    pub(super) digest: [u8; 32],
    pub(super) header: Header,
}

/// Stores it.
pub(super) async fn insert_file(
    tx: &mut Tx,
    org: OrgId,
    by: Option<UserId>,
    file: &NewFile,
) -> Result<ImportFile, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        ImportFile,
        r#"INSERT INTO import_file (id, org_id, size, delimiter, columns, created_by, created_at, digest)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
           RETURNING id AS "id: FileId", size, delimiter, columns, created_at"#,
        file.id.uuid(),
        org.uuid(),
        file.size,
        char::from(file.header.delimiter).to_string(),
        &file.header.columns,
        by.map(UserId::uuid),
        now,
        file.digest.as_slice()
    )
    .fetch_one(&mut **tx)
    .await
}

/// One file of `org`.
pub(super) async fn file(conn: &mut PgConnection, org: OrgId, id: FileId) -> Result<Option<ImportFile>, sqlx::Error> {
    sqlx::query_as!(
        ImportFile,
        r#"SELECT id AS "id: FileId", size, delimiter, columns, created_at
           FROM import_file WHERE id = $1 AND org_id = $2"#,
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The import by which rows of this content came, or will come, to `org`. Those who ask at once wait for each other.
pub(super) async fn imported_before(
    tx: &mut Tx,
    org: OrgId,
    kind: &str,
    file: FileId,
) -> Result<Option<ImportId>, sqlx::Error> {
    sqlx::query!(
        "SELECT FROM import_file
         WHERE org_id = $1 AND (id = $2 OR digest = (SELECT digest FROM import_file WHERE id = $2))
         ORDER BY id FOR NO KEY UPDATE",
        org.uuid(),
        file.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    sqlx::query_scalar!(
        r#"SELECT i.id AS "id: ImportId" FROM import_file f JOIN bulk_import i ON i.file_id = f.id
           WHERE f.org_id = $1 AND (f.id = $2 OR f.digest = (SELECT digest FROM import_file WHERE id = $2)) AND i.kind = $3
             AND NOT i.dry_run AND (i.status IN ('queued', 'running', 'applying') OR i.rows_applied > 0)
           ORDER BY i.id LIMIT 1"#,
        org.uuid(),
        file.uuid(),
        kind
    )
    .fetch_optional(&mut **tx)
    .await
}

struct Row {
    id: ImportId,
    kind: String,
    mode: Mode,
    dry_run: bool,
    invite: bool,
    file_id: FileId,
    mapping: Json<BTreeMap<String, String>>,
    columns: Vec<String>,
    status: Status,
    rows_read: i64,
    rows_bad: i64,
    rows_applied: i64,
    fault: Option<String>,
    created_by: Option<UserId>,
    version: i64,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Import {
    fn from(row: Row) -> Self {
        let mapping = row.mapping.0;
        let ignored = |column: &String| !mapping.values().any(|used| used == column);
        Self {
            id: row.id,
            kind: row.kind,
            mode: row.mode,
            dry_run: row.dry_run,
            invite: row.invite,
            file_id: row.file_id,
            ignored_columns: row.columns.into_iter().filter(ignored).collect(),
            mapping,
            status: row.status,
            rows_read: row.rows_read,
            rows_bad: row.rows_bad,
            rows_applied: row.rows_applied,
            fault: row.fault,
            created_by: row.created_by,
            version: row.version,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// One import of `org`.
pub(super) async fn get(conn: &mut PgConnection, org: OrgId, id: ImportId) -> Result<Option<Import>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT i.id AS "id: ImportId", i.kind, i.mode AS "mode: Mode", i.dry_run, i.invite,
                  i.file_id AS "file_id: FileId", i.mapping AS "mapping: Json<BTreeMap<String, String>>", f.columns,
                  i.status AS "status: Status", i.rows_read, i.rows_bad, i.rows_applied, i.fault,
                  i.created_by AS "created_by: UserId", i.version, i.created_at, i.finished_at
           FROM bulk_import i JOIN import_file f ON f.id = i.file_id WHERE i.id = $1 AND i.org_id = $2"#,
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Import::from))
}

/// The organisation's imports before `before`, the newest first.
pub(super) async fn list(
    conn: &mut PgConnection,
    org: OrgId,
    before: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT i.id AS "id: ImportId", i.kind, i.mode AS "mode: Mode", i.dry_run, i.invite,
                  i.file_id AS "file_id: FileId", i.mapping AS "mapping: Json<BTreeMap<String, String>>", f.columns,
                  i.status AS "status: Status", i.rows_read, i.rows_bad, i.rows_applied, i.fault,
                  i.created_by AS "created_by: UserId", i.version, i.created_at, i.finished_at
           FROM bulk_import i JOIN import_file f ON f.id = i.file_id
           WHERE i.org_id = $1 AND ($2::uuid IS NULL OR i.id < $2) ORDER BY i.id DESC LIMIT $3"#,
        org.uuid(),
        before.map(ImportId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Import::from).collect())
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) kind: &'a str,
    pub(super) mode: Mode,
    pub(super) dry_run: bool,
    pub(super) invite: bool,
    pub(super) file: FileId,
    pub(super) mapping: &'a BTreeMap<String, String>,
    pub(super) origin: serde_json::Value,
    pub(super) by: Option<UserId>,
}

/// A new import.
pub(super) async fn insert(tx: &mut Tx, org: OrgId, asked: &Asked<'_>) -> Result<Import, Problem> {
    let (id, now): (ImportId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO bulk_import (id, org_id, file_id, kind, mode, dry_run, invite, mapping, status, origin, created_by,
                                  created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, $11)",
        id.uuid(),
        org.uuid(),
        asked.file.uuid(),
        asked.kind,
        asked.mode.as_str(),
        asked.dry_run,
        asked.invite,
        serde_json::to_value(asked.mapping).map_err(Problem::internal)?,
        asked.origin,
        asked.by.map(UserId::uuid),
        now
    )
    .execute(&mut **tx)
    .await?;
    tx.wake_on_commit();
    get(tx, org, id)
        .await?
        .ok_or_else(|| Problem::internal("the import is gone"))
}

/// Locks an import of `org`, unless a node is storing it as a whole right now: then `None`.
pub(super) async fn try_lock(tx: &mut Tx, org: OrgId, id: ImportId) -> Result<Option<Import>, sqlx::Error> {
    let held = sqlx::query!(
        "SELECT FROM bulk_import WHERE id = $1 AND org_id = $2 AND status <> 'applying' FOR NO KEY UPDATE",
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    if held.is_none() {
        return Ok(None);
    }
    get(tx, org, id).await
}

/// Ends a locked import.
pub(super) async fn end(
    tx: &mut Tx,
    org: OrgId,
    id: ImportId,
    status: Status,
    fault: Option<&str>,
) -> Result<Import, sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "WITH staged AS (DELETE FROM import_row WHERE import_id = $1)
         UPDATE bulk_import SET status = $2, fault = $3, finished_at = $4, leased_until = NULL, version = version + 1
         WHERE id = $1",
        id.uuid(),
        status.as_str(),
        fault,
        now
    )
    .execute(&mut **tx)
    .await?;
    get(tx, org, id).await?.ok_or(sqlx::Error::RowNotFound)
}
