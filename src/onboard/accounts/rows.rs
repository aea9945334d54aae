//! Accounts and the links mailed to them.

use chrono::TimeDelta;
use guildhall_kernel::UserId;
use guildhall_spine::{db::Tx, http::Problem, secret::token_hash};
use sqlx::PgConnection;

/// What a mailed link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To show that the address is the user's.
    VerifyEmail,
    /// To set a new password.
    ResetPassword,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }

    const fn lifetime(self) -> TimeDelta {
        match self {
            Self::VerifyEmail => TimeDelta::hours(24),
            Self::ResetPassword => TimeDelta::hours(1),
        }
    }
}

/// An account as this feature needs it.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: UserId,
    pub(crate) verified: bool,
    pub(crate) has_password: bool,
}

/// The account with this address, locked.
pub(crate) async fn lock_by_email(conn: &mut PgConnection, email: &str) -> Result<Option<Account>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT id, email_verified_at IS NOT NULL AS "verified!", password_hash IS NOT NULL AS "has_password!"
           FROM user_account WHERE email = $1 FOR NO KEY UPDATE"#,
        email
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Account {
        id: row.id.into(),
        verified: row.verified,
        has_password: row.has_password,
    }))
}

/// Whether the address has an account and is known to be its user's.
pub(crate) async fn is_verified(conn: &mut PgConnection, email: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM user_account WHERE email = $1 AND email_verified_at IS NOT NULL) AS "known!""#,
        email
    )
    .fetch_one(conn)
    .await
}

/// A new account, unless the address has one.
pub(crate) async fn insert(
    tx: &mut Tx,
    email: &str,
    name: &str,
    password_hash: &str,
    verified: bool,
) -> Result<Option<UserId>, sqlx::Error> {
    let (id, now): (UserId, _) = (tx.new_id(), tx.now());
    let inserted = sqlx::query_scalar!(
        "INSERT INTO user_account (id, email, name, password_hash, email_verified_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT ON CONSTRAINT user_account_email_taken DO NOTHING RETURNING id",
        id.uuid(),
        email,
        name,
        password_hash,
        verified.then_some(now),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(inserted.map(UserId::from))
}

/// Gives an account that nobody has proved to be theirs another name and password, or none: those of before came from
/// somebody who may never have had the mailbox. The links sent before are void.
pub(crate) async fn take_over(
    tx: &mut Tx,
    user: UserId,
    name: &str,
    password_hash: Option<&str>,
    verified: bool,
) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE user_account
         SET name = $2, password_hash = $3, email_verified_at = $4, updated_at = $5, version = version + 1
         WHERE id = $1 AND email_verified_at IS NULL",
        user.uuid(),
        name,
        password_hash,
        verified.then_some(now),
        now
    )
    .execute(&mut **tx)
    .await?;
    void_links(tx, user).await
}

/// Makes all links mailed to the user worthless.
pub(super) async fn void_links(tx: &mut Tx, user: UserId) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE mail_token SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        user.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A new link's token, of which only the hash is kept.
pub(super) async fn new_link(tx: &mut Tx, user: UserId, email: &str, purpose: Purpose) -> Result<String, sqlx::Error> {
    let token = tx.entropy().token();
    let (hash, now) = (token_hash(&token), tx.now());
    sqlx::query!(
        "INSERT INTO mail_token (hash, purpose, user_id, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        hash.as_slice(),
        purpose.as_str(),
        user.uuid(),
        email,
        now,
        now + purpose.lifetime()
    )
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// The address that a link was mailed to, while it is good.
pub(super) async fn link_address(
    conn: &mut PgConnection,
    now: chrono::DateTime<chrono::Utc>,
    token: &str,
    purpose: Purpose,
) -> Result<Option<String>, sqlx::Error> {
    let hash = token_hash(token);
    sqlx::query_scalar!(
        "SELECT email FROM mail_token WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        hash.as_slice(),
        purpose.as_str(),
        now
    )
    .fetch_optional(conn)
    .await
}

/// Uses a link up: whose it is and which address it was mailed to.
pub(super) async fn use_link(
    tx: &mut Tx,
    token: &str,
    purpose: Purpose,
) -> Result<Option<(UserId, String)>, sqlx::Error> {
    let (hash, now) = (token_hash(token), tx.now());
    let row = sqlx::query!(
        "UPDATE mail_token SET used_at = $3
         WHERE hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 RETURNING user_id, email",
        hash.as_slice(),
        purpose.as_str(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| (row.user_id.into(), row.email)))
}

/// The user has shown that `email` is theirs; false when that was known, or the account has another address by now.
pub(super) async fn set_verified(tx: &mut Tx, user: UserId, email: &str) -> Result<bool, Problem> {
    let now = tx.now();
    let updated = sqlx::query!(
        "UPDATE user_account SET email_verified_at = $3, updated_at = $3, version = version + 1
         WHERE id = $1 AND email = $2 AND email_verified_at IS NULL",
        user.uuid(),
        email,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(updated.rows_affected() == 1)
}
