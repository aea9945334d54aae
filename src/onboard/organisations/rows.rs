//! Rows of `organisation`.

use guildhall_kernel::OrgId;
use guildhall_spine::{access::OrgKind, db::Tx};
use sqlx::PgConnection;

use super::{NewOrganisation, Organisation};

/// Makes an organisation.
pub(super) async fn insert(
    tx: &mut Tx,
    id: OrgId,
    slug: &str,
    new: &NewOrganisation<'_>,
) -> Result<Organisation, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        Organisation,
        r#"INSERT INTO organisation (id, kind, name, slug, country, domain, created_at, updated_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
           RETURNING id AS "id: OrgId", kind AS "kind: OrgKind", name, slug, country, domain, status, version,
                     created_at, updated_at"#,
        id.uuid(),
        new.kind.as_str(),
        new.name,
        slug,
        new.country,
        new.domain,
        now
    )
    .fetch_one(&mut **tx)
    .await
}

/// One organisation.
pub(super) async fn get(conn: &mut PgConnection, id: OrgId) -> Result<Option<Organisation>, sqlx::Error> {
    sqlx::query_as!(
        Organisation,
        r#"SELECT id AS "id: OrgId", kind AS "kind: OrgKind", name, slug, country, domain, status, version,
                  created_at, updated_at
           FROM organisation WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The row, locked against other changes to the organisation and to who leads it.
pub(crate) async fn lock(conn: &mut PgConnection, id: OrgId) -> Result<Option<Organisation>, sqlx::Error> {
    // Not FOR UPDATE: that would also hold up whoever only refers to the row.
    sqlx::query!("SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    get(conn, id).await
}

/// Stores the changed fields of a locked row.
pub(super) async fn update(tx: &mut Tx, changed: &Organisation) -> Result<Organisation, sqlx::Error> {
    let now = tx.now();
    sqlx::query_as!(
        Organisation,
        r#"UPDATE organisation SET name = $2, country = $3, domain = $4, updated_at = $5, version = version + 1
           WHERE id = $1 AND version = $6
           RETURNING id AS "id: OrgId", kind AS "kind: OrgKind", name, slug, country, domain, status, version,
                     created_at, updated_at"#,
        changed.id.uuid(),
        changed.name,
        changed.country,
        changed.domain,
        now,
        changed.version
    )
    .fetch_one(&mut **tx)
    .await
}

/// Vendors after `after`, in the order they were made.
pub(super) async fn vendors(
    conn: &mut PgConnection,
    after: Option<OrgId>,
    limit: i64,
) -> Result<Vec<Organisation>, sqlx::Error> {
    sqlx::query_as!(
        Organisation,
        r#"SELECT id AS "id: OrgId", kind AS "kind: OrgKind", name, slug, country, domain, status, version,
                  created_at, updated_at
           FROM organisation WHERE kind = 'vendor' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"#,
        after.map(OrgId::uuid),
        limit
    )
    .fetch_all(conn)
    .await
}
