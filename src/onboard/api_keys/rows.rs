//! Rows of `api_key`.

use chrono::{DateTime, Utc};
use guildhall_kernel::{ApiKeyId, OrgId, UserId};
use guildhall_spine::{db::Tx, secret::token_hash};
use sqlx::PgConnection;

use super::ApiKey;

/// What is needed to make a key.
pub(super) struct NewKey<'a> {
    pub(super) org: OrgId,
    pub(super) name: &'a str,
    pub(super) scopes: &'a [String],
    pub(super) by: UserId,
    pub(super) expires_at: Option<DateTime<Utc>>,
    pub(super) secret: &'a str,
}

/// Characters of the secret that are kept to recognise it by: the prefix and 4 more, 24 of 256 bits.
const HINT: usize = 8;

/// A new key; of its secret only the hash is kept.
pub(super) async fn insert(tx: &mut Tx, new: &NewKey<'_>) -> Result<ApiKey, sqlx::Error> {
    let (id, now): (ApiKeyId, _) = (tx.new_id(), tx.now());
    let hash = token_hash(new.secret);
    sqlx::query_as!(
        ApiKey,
        r#"INSERT INTO api_key (id, org_id, name, hint, hash, scopes, created_by, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
           RETURNING id AS "id: ApiKeyId", name, hint, scopes, created_by AS "created_by: UserId", created_at,
                     expires_at, last_used_at, revoked_at"#,
        id.uuid(),
        new.org.uuid(),
        new.name,
        new.secret.get(..HINT).unwrap_or_default(),
        hash.as_slice(),
        new.scopes,
        new.by.uuid(),
        now,
        new.expires_at
    )
    .fetch_one(&mut **tx)
    .await
}

/// The organisation's keys after `after`, newest first.
pub(super) async fn list(
    conn: &mut PgConnection,
    org: OrgId,
    after: Option<ApiKeyId>,
    limit: i64,
) -> Result<Vec<ApiKey>, sqlx::Error> {
    sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: ApiKeyId", name, hint, scopes, created_by AS "created_by: UserId", created_at,
                  expires_at, last_used_at, revoked_at
           FROM api_key WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"#,
        org.uuid(),
        after.map(ApiKeyId::uuid),
        limit
    )
    .fetch_all(conn)
    .await
}

/// Revokes a key of the organisation; `Some(false)` when it was revoked before, `None` when there is no such key.
pub(super) async fn revoke(tx: &mut Tx, org: OrgId, id: ApiKeyId) -> Result<Option<bool>, sqlx::Error> {
    let now = tx.now();
    let revoked = sqlx::query!(
        "UPDATE api_key SET revoked_at = $3 WHERE id = $1 AND org_id = $2 AND revoked_at IS NULL",
        id.uuid(),
        org.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    if revoked.rows_affected() == 1 {
        return Ok(Some(true));
    }
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM api_key WHERE id = $1 AND org_id = $2) AS "there!""#,
        id.uuid(),
        org.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(there.then_some(false))
}
