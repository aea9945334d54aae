//! Rows of `membership`.

use guildhall_kernel::{MembershipId, OrgId, UserId};
use guildhall_spine::{
    access::{OrgKind, Role},
    db::Tx,
};
use sqlx::PgConnection;

use super::{Member, MemberUser, rules::leader};

/// Whether the user is a member of anything.
pub(crate) async fn has_any(conn: &mut PgConnection, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM membership WHERE user_id = $1) AS "any!""#,
        user.uuid()
    )
    .fetch_one(conn)
    .await
}

/// Whether the organisation has members.
pub(crate) async fn is_peopled(conn: &mut PgConnection, org: OrgId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM membership WHERE org_id = $1) AS "any!""#,
        org.uuid()
    )
    .fetch_one(conn)
    .await
}

/// Whether `user` is a member of `org`.
pub(crate) async fn is_member(conn: &mut PgConnection, org: OrgId, user: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM membership WHERE org_id = $1 AND user_id = $2) AS "member!""#,
        org.uuid(),
        user.uuid()
    )
    .fetch_one(conn)
    .await
}

/// The addresses of those who lead `org`, an organisation of this kind, and whose account is in use.
pub(crate) async fn leaders_addresses(
    conn: &mut PgConnection,
    kind: OrgKind,
    org: OrgId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT u.email FROM membership m JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role = $2 AND u.status = 'active' AND u.email_verified_at IS NOT NULL
         ORDER BY m.id",
        org.uuid(),
        leader(kind).as_str()
    )
    .fetch_all(conn)
    .await
}

/// Whether the user with this address is a member of `org`.
pub(crate) async fn has_email(conn: &mut PgConnection, org: OrgId, email: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM membership m JOIN user_account u ON u.id = m.user_id
                          WHERE m.org_id = $1 AND u.email = $2) AS "member!""#,
        org.uuid(),
        email
    )
    .fetch_one(conn)
    .await
}

/// A new membership, unless there is one.
pub(super) async fn insert(
    tx: &mut Tx,
    org: OrgId,
    user: UserId,
    role: Role,
) -> Result<Option<MembershipId>, sqlx::Error> {
    let (id, now): (MembershipId, _) = (tx.new_id(), tx.now());
    let inserted = sqlx::query_scalar!(
        "INSERT INTO membership (id, org_id, user_id, role, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT ON CONSTRAINT membership_exists DO NOTHING RETURNING id",
        id.uuid(),
        org.uuid(),
        user.uuid(),
        role.as_str(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(inserted.map(MembershipId::from))
}

/// One member of `org`.
pub(super) async fn get(conn: &mut PgConnection, org: OrgId, id: MembershipId) -> Result<Option<Member>, sqlx::Error> {
    let row = sqlx::query!(
        "SELECT m.id, m.role, m.version, m.created_at, m.updated_at, u.id AS user_id, u.name, u.email
         FROM membership m JOIN user_account u ON u.id = m.user_id
         WHERE m.id = $1 AND m.org_id = $2",
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Member {
        id: row.id.into(),
        user: MemberUser {
            id: row.user_id.into(),
            name: row.name,
            email: row.email,
        },
        role: row.role,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }))
}

/// Members of `org` after the user `after`.
pub(super) async fn list(
    conn: &mut PgConnection,
    org: OrgId,
    after: Option<UserId>,
    limit: i64,
) -> Result<Vec<Member>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT m.id, m.role, m.version, m.created_at, m.updated_at, u.id AS user_id, u.name, u.email
         FROM membership m JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1 AND ($2::uuid IS NULL OR m.user_id > $2)
         ORDER BY m.user_id LIMIT $3",
        org.uuid(),
        after.map(UserId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Member {
            id: row.id.into(),
            user: MemberUser {
                id: row.user_id.into(),
                name: row.name,
                email: row.email,
            },
            role: row.role,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
        .collect())
}

/// Members with `role` and an active account, without `except`. Holds only while the organisation is locked.
pub(super) async fn count_others(
    conn: &mut PgConnection,
    org: OrgId,
    role: Role,
    except: UserId,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM membership m JOIN user_account u ON u.id = m.user_id
           WHERE m.org_id = $1 AND m.role = $2 AND m.user_id <> $3 AND u.status = 'active'"#,
        org.uuid(),
        role.as_str(),
        except.uuid()
    )
    .fetch_one(conn)
    .await
}

/// Gives a member another role.
pub(super) async fn set_role(tx: &mut Tx, id: MembershipId, role: Role) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE membership SET role = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        role.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a membership.
pub(super) async fn delete(tx: &mut Tx, id: MembershipId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM membership WHERE id = $1", id.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}
