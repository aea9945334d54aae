//! Accounts as the people who run the platform change them, from the command line.

use chrono::{DateTime, Utc};
use guildhall_kernel::{SessionId, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{EndReason, PasswordChanged, end_sessions, unlock_second_factor};
use crate::{
    db::Tx,
    event::{self, Event, Origin, Topic},
    http::{Problem, code},
};

/// An account was made by the people who run the platform; its address counts as confirmed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserCreated {
    /// Whose account it is.
    pub user_id: UserId,
    /// Whether the user runs the platform.
    pub operator: bool,
}

impl Event for UserCreated {
    const KIND: &'static str = "user.created";
    const TOPIC: Topic = Topic::Account;
}

/// The account was suspended: its sessions are over and it can't log in.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserSuspended {
    /// Whose account it is.
    pub user_id: UserId,
}

impl Event for UserSuspended {
    const KIND: &'static str = "user.suspended";
    const TOPIC: Topic = Topic::Account;
}

/// The account is no longer suspended.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserActivated {
    /// Whose account it is.
    pub user_id: UserId,
}

impl Event for UserActivated {
    const KIND: &'static str = "user.activated";
    const TOPIC: Topic = Topic::Account;
}

/// The user runs the platform from now on, or no longer does.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UserOperatorChanged {
    /// Whose account it is.
    pub user_id: UserId,
    /// Whether the user runs the platform now.
    pub operator: bool,
}

impl Event for UserOperatorChanged {
    const KIND: &'static str = "user.operator_changed";
    const TOPIC: Topic = Topic::Account;
}

/// An account to be made.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// The address, in lower case.
    pub email: &'a str,
    /// The person's name.
    pub name: &'a str,
    /// The PHC string of the password.
    pub password_hash: &'a str,
    /// Whether the user runs the platform.
    pub operator: bool,
}

/// An account as its administration shows it.
#[derive(Debug)]
pub struct UserRecord {
    /// The id.
    pub id: UserId,
    /// The address.
    pub email: String,
    /// The name.
    pub name: String,
    /// `active` or `suspended`.
    pub status: String,
    /// Whether the user runs the platform.
    pub operator: bool,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
}

/// A page of accounts by address, those after `after`.
///
/// # Errors
/// When the database fails.
pub async fn list_users(db: impl sqlx::PgExecutor<'_>, after: &str, limit: i64) -> Result<Vec<UserRecord>, Problem> {
    let rows = sqlx::query_as!(
        UserRecord,
        r#"SELECT id AS "id: UserId", email, name, status, operator, created_at
           FROM user_account WHERE email > $1 ORDER BY email LIMIT $2"#,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// The account with this address, locked until `tx` ends.
///
/// # Errors
/// 404 when there is none.
pub async fn lock_user(tx: &mut Tx, email: &str) -> Result<UserRecord, Problem> {
    let row = sqlx::query_as!(
        UserRecord,
        r#"SELECT id AS "id: UserId", email, name, status, operator, created_at
           FROM user_account WHERE email = $1 FOR NO KEY UPDATE"#,
        email
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.ok_or_else(|| Problem::new(code::NOT_FOUND, format!("Nobody has the address {email}.")))
}

/// Makes an account whose address counts as confirmed.
///
/// # Errors
/// 409 when somebody has the address.
pub async fn create_user(tx: &mut Tx, origin: &Origin, user: &NewUser<'_>) -> Result<UserId, Problem> {
    let (id, now): (UserId, _) = (tx.new_id(), tx.now());
    let made = sqlx::query!(
        "INSERT INTO user_account (id, email, name, password_hash, email_verified_at, operator, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $5, $5) ON CONFLICT ON CONSTRAINT user_account_email_taken DO NOTHING",
        id.uuid(),
        user.email,
        user.name,
        user.password_hash,
        now,
        user.operator
    )
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() != 1 {
        return Err(Problem::new(
            code::ALREADY_EXISTS,
            format!("Somebody has the address {} already.", user.email),
        ));
    }
    let created = UserCreated {
        user_id: id,
        operator: user.operator,
    };
    event::append(tx, origin, id, &[id.uuid()], &created).await?;
    Ok(id)
}

/// Suspends an account and ends its sessions.
///
/// # Errors
/// 409 when it is suspended already.
pub async fn suspend_user(tx: &mut Tx, origin: &Origin, user: UserId) -> Result<Vec<SessionId>, Problem> {
    set_status(tx, user, "active", "suspended").await?;
    let ended = end_sessions(tx, origin, user, None, EndReason::Suspended).await?;
    event::append(tx, origin, user, &[user.uuid()], &UserSuspended { user_id: user }).await?;
    Ok(ended)
}

/// Lets a suspended account log in again.
///
/// # Errors
/// 409 when it isn't suspended.
pub async fn activate_user(tx: &mut Tx, origin: &Origin, user: UserId) -> Result<(), Problem> {
    set_status(tx, user, "suspended", "active").await?;
    event::append(tx, origin, user, &[user.uuid()], &UserActivated { user_id: user }).await?;
    Ok(())
}

async fn set_status(tx: &mut Tx, user: UserId, from: &str, to: &str) -> Result<(), Problem> {
    let now = tx.now();
    let moved = sqlx::query!(
        "UPDATE user_account SET status = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND status = $2",
        user.uuid(),
        from,
        to,
        now
    )
    .execute(&mut **tx)
    .await?;
    if moved.rows_affected() == 1 {
        return Ok(());
    }
    Err(Problem::new(code::ILLEGAL_MOVE, format!("The account is not {from}.")))
}

/// Sets a password, ends all sessions and voids links sent by mail. A second factor stays.
///
/// # Errors
/// When the database fails.
pub async fn set_password(
    tx: &mut Tx,
    origin: &Origin,
    user: UserId,
    password_hash: &str,
) -> Result<Vec<SessionId>, Problem> {
    let now = tx.now();
    let ended = end_sessions(tx, origin, user, None, EndReason::ResetByOperator).await?;
    sqlx::query!(
        "UPDATE user_account SET password_hash = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        user.uuid(),
        password_hash,
        now
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE mail_token SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        user.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    unlock_second_factor(tx, user).await?;
    event::append(tx, origin, user, &[user.uuid()], &PasswordChanged { user_id: user }).await?;
    Ok(ended)
}

/// Says whether a user runs the platform.
///
/// # Errors
/// 409 when nothing would change.
pub async fn set_operator(tx: &mut Tx, origin: &Origin, user: UserId, operator: bool) -> Result<(), Problem> {
    let now = tx.now();
    let moved = sqlx::query!(
        "UPDATE user_account SET operator = $2, updated_at = $3, version = version + 1 WHERE id = $1 AND operator <> $2",
        user.uuid(),
        operator,
        now
    )
    .execute(&mut **tx)
    .await?;
    if moved.rows_affected() != 1 {
        let state = if operator {
            "runs the platform already"
        } else {
            "does not run the platform"
        };
        return Err(Problem::new(code::ILLEGAL_MOVE, format!("The user {state}.")));
    }
    let changed = UserOperatorChanged {
        user_id: user,
        operator,
    };
    event::append(tx, origin, user, &[user.uuid()], &changed).await?;
    Ok(())
}
