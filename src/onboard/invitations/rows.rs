//! Rows of `invitation`.

use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{InvitationId, OrgId};
use guildhall_spine::{
    access::{OrgKind, Role},
    db::Tx,
    secret::token_hash,
};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Invitation, InvitationStatus, Invited};

/// How long a link is good.
const LIFETIME: TimeDelta = TimeDelta::days(7);

struct Row {
    id: Uuid,
    email: String,
    role: String,
    invited_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    accepted_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
}

impl Row {
    fn at(self, now: DateTime<Utc>) -> Invitation {
        let status = match (self.accepted_at, self.revoked_at) {
            (Some(_), _) => InvitationStatus::Accepted,
            // A row that made way for another after its time was marked revoked then.
            (None, Some(at)) if at < self.expires_at => InvitationStatus::Revoked,
            (None, Some(_)) => InvitationStatus::Expired,
            (None, None) if self.expires_at <= now => InvitationStatus::Expired,
            (None, None) => InvitationStatus::Pending,
        };
        Invitation {
            id: self.id.into(),
            email: self.email,
            role: self.role,
            status,
            invited_by: self.invited_by.map(Into::into),
            created_at: self.created_at,
            expires_at: self.expires_at,
        }
    }
}

/// An invitation past its time must not stand in the way of another.
pub(super) async fn clear_expired(tx: &mut Tx, org: OrgId, email: &str) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE invitation SET revoked_at = $3
         WHERE org_id = $1 AND email = $2 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= $3",
        org.uuid(),
        email,
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A new invitation; of its token only the hash is kept.
pub(super) async fn insert(tx: &mut Tx, invited: &Invited<'_>, token: &str) -> Result<Invitation, sqlx::Error> {
    let (id, now): (InvitationId, _) = (tx.new_id(), tx.now());
    let hash = token_hash(token);
    let row = sqlx::query_as!(
        Row,
        "INSERT INTO invitation (id, org_id, email, role, token_hash, invited_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at",
        id.uuid(),
        invited.organisation.uuid(),
        invited.email,
        invited.role.as_str(),
        hash.as_slice(),
        invited.by.map(guildhall_kernel::UserId::uuid),
        now,
        now + LIFETIME
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row.at(now))
}

/// The organisation's invitations after `after`, as they are at `now`.
pub(super) async fn list(
    conn: &mut PgConnection,
    org: OrgId,
    now: DateTime<Utc>,
    after: Option<InvitationId>,
    limit: i64,
) -> Result<Vec<Invitation>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at
         FROM invitation WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        org.uuid(),
        after.map(InvitationId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.at(now)).collect())
}

/// One invitation of the organisation, locked.
pub(super) async fn lock(tx: &mut Tx, org: OrgId, id: InvitationId) -> Result<Option<Invitation>, sqlx::Error> {
    let now = tx.now();
    let row = sqlx::query_as!(
        Row,
        "SELECT id, email, role, invited_by, created_at, expires_at, accepted_at, revoked_at
         FROM invitation WHERE id = $1 AND org_id = $2 FOR UPDATE",
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| row.at(now)))
}

/// Takes an invitation back.
pub(super) async fn revoke(tx: &mut Tx, id: InvitationId) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!("UPDATE invitation SET revoked_at = $2 WHERE id = $1", id.uuid(), now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Takes back all invitations to a company that nobody has set up yet, and returns them. One that is being accepted
/// stays: waiting for it while holding the partnership, which it waits for, would be a deadlock.
pub(super) async fn revoke_founding(tx: &mut Tx, org: OrgId) -> Result<Vec<InvitationId>, sqlx::Error> {
    let now = tx.now();
    let ids = sqlx::query_scalar!(
        "UPDATE invitation SET revoked_at = $2
         WHERE id IN (SELECT id FROM invitation WHERE org_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL
                      FOR UPDATE SKIP LOCKED)
           AND NOT EXISTS (SELECT FROM membership m WHERE m.org_id = $1)
         RETURNING id",
        org.uuid(),
        now
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(InvitationId::from).collect())
}

/// What a link offers, while it is good.
pub(super) struct Offer {
    pub(super) id: InvitationId,
    pub(super) email: String,
    pub(super) organisation: OrgId,
    pub(super) organisation_name: String,
    pub(super) kind: OrgKind,
    pub(super) role: Role,
}

/// The offer of the link with this token; locked when `lock`, so that it is taken up once.
pub(super) async fn offer(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    token: &str,
    lock: bool,
) -> Result<Option<Offer>, sqlx::Error> {
    let hash = token_hash(token);
    if lock {
        sqlx::query!(
            "SELECT id FROM invitation WHERE token_hash = $1 FOR UPDATE",
            hash.as_slice()
        )
        .fetch_optional(&mut *conn)
        .await?;
    }
    let row = sqlx::query!(
        r#"SELECT i.id, i.email, i.role, o.id AS org_id, o.name, o.kind AS "kind: OrgKind"
           FROM invitation i JOIN organisation o ON o.id = i.org_id AND o.status = 'active'
           WHERE i.token_hash = $1 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > $2"#,
        hash.as_slice(),
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| {
        Some(Offer {
            id: row.id.into(),
            email: row.email,
            organisation: row.org_id.into(),
            organisation_name: row.name,
            role: Role::parse(row.kind, &row.role)?,
            kind: row.kind,
        })
    }))
}

/// Marks a locked invitation as taken up.
pub(super) async fn accepted(tx: &mut Tx, id: InvitationId) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!("UPDATE invitation SET accepted_at = $2 WHERE id = $1", id.uuid(), now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
