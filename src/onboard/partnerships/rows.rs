//! Rows of `partnership`. Each query names the organisation that asks: the vendor or the partner of the row.

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PartnershipId, ProgramId, UserId};
use guildhall_spine::{access::OrgKind, db::Tx, identity::ActingFor};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{AccountManager, PartnershipRecord, PartnershipStatus, Tier};
use crate::organisations::NamedOrganisation;

struct Row {
    id: Uuid,
    vendor_id: Uuid,
    vendor_name: String,
    partner_id: Uuid,
    partner_name: String,
    status: PartnershipStatus,
    tier: Tier,
    program_id: Uuid,
    manager_id: Option<Uuid>,
    manager_name: Option<String>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<Row> for PartnershipRecord {
    fn from(row: Row) -> Self {
        Self {
            id: row.id.into(),
            vendor: NamedOrganisation {
                id: row.vendor_id.into(),
                name: row.vendor_name,
            },
            partner: NamedOrganisation {
                id: row.partner_id.into(),
                name: row.partner_name,
            },
            status: row.status,
            tier: row.tier,
            program_id: row.program_id.into(),
            account_manager: row
                .manager_id
                .zip(row.manager_name)
                .map(|(id, name)| AccountManager { id: id.into(), name }),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// One partnership that `org` is a side of. An account manager who has left the vendor isn't one any more.
pub(super) async fn get(
    conn: &mut PgConnection,
    org: OrgId,
    id: PartnershipId,
) -> Result<Option<PartnershipRecord>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.vendor_id, v.name AS vendor_name, p.partner_id, o.name AS partner_name,
                  p.status AS "status: PartnershipStatus", p.tier AS "tier: Tier", p.program_id,
                  u.id AS "manager_id?", u.name AS "manager_name?", p.version, p.created_at, p.updated_at
           FROM partnership p
           JOIN organisation v ON v.id = p.vendor_id
           JOIN organisation o ON o.id = p.partner_id
           LEFT JOIN membership m ON m.org_id = p.vendor_id AND m.user_id = p.account_manager_id
           LEFT JOIN user_account u ON u.id = m.user_id
           WHERE p.id = $1 AND (p.vendor_id = $2 OR p.partner_id = $2)"#,
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(PartnershipRecord::from))
}

/// Like [`get`], with the row locked.
pub(super) async fn lock(tx: &mut Tx, org: OrgId, id: PartnershipId) -> Result<Option<PartnershipRecord>, sqlx::Error> {
    sqlx::query!(
        "SELECT id FROM partnership WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2) FOR NO KEY UPDATE",
        id.uuid(),
        org.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    get(tx, org, id).await
}

/// What a list is narrowed to.
#[derive(Clone, Copy)]
pub(super) struct Filter {
    pub(super) status: Option<PartnershipStatus>,
    pub(super) tier: Option<Tier>,
}

/// The partnerships of `org` after `after`.
pub(super) async fn page(
    conn: &mut PgConnection,
    org: ActingFor,
    filter: Filter,
    after: Option<PartnershipId>,
    limit: i64,
) -> Result<Vec<PartnershipRecord>, sqlx::Error> {
    match org.kind {
        OrgKind::Vendor => of_vendor(conn, org.id, filter, after, limit).await,
        OrgKind::Partner => of_partner(conn, org.id, filter, after, limit).await,
    }
}

/// The partners in a vendor's program after `after`.
async fn of_vendor(
    conn: &mut PgConnection,
    vendor: OrgId,
    filter: Filter,
    after: Option<PartnershipId>,
    limit: i64,
) -> Result<Vec<PartnershipRecord>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.vendor_id, v.name AS vendor_name, p.partner_id, o.name AS partner_name,
                  p.status AS "status: PartnershipStatus", p.tier AS "tier: Tier", p.program_id,
                  u.id AS "manager_id?", u.name AS "manager_name?", p.version, p.created_at, p.updated_at
           FROM partnership p
           JOIN organisation v ON v.id = p.vendor_id
           JOIN organisation o ON o.id = p.partner_id
           LEFT JOIN membership m ON m.org_id = p.vendor_id AND m.user_id = p.account_manager_id
           LEFT JOIN user_account u ON u.id = m.user_id
           WHERE p.vendor_id = $1 AND ($2::uuid IS NULL OR p.id > $2)
             AND ($3::text IS NULL OR p.status = $3) AND ($4::text IS NULL OR p.tier = $4)
           ORDER BY p.id LIMIT $5"#,
        vendor.uuid(),
        after.map(PartnershipId::uuid),
        filter.status.map(PartnershipStatus::as_str),
        filter.tier.map(Tier::as_str),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PartnershipRecord::from).collect())
}

/// The programs that a partner is in, after `after`.
async fn of_partner(
    conn: &mut PgConnection,
    partner: OrgId,
    filter: Filter,
    after: Option<PartnershipId>,
    limit: i64,
) -> Result<Vec<PartnershipRecord>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.id, p.vendor_id, v.name AS vendor_name, p.partner_id, o.name AS partner_name,
                  p.status AS "status: PartnershipStatus", p.tier AS "tier: Tier", p.program_id,
                  u.id AS "manager_id?", u.name AS "manager_name?", p.version, p.created_at, p.updated_at
           FROM partnership p
           JOIN organisation v ON v.id = p.vendor_id
           JOIN organisation o ON o.id = p.partner_id
           LEFT JOIN membership m ON m.org_id = p.vendor_id AND m.user_id = p.account_manager_id
           LEFT JOIN user_account u ON u.id = m.user_id
           WHERE p.partner_id = $1 AND ($2::uuid IS NULL OR p.id > $2)
             AND ($3::text IS NULL OR p.status = $3) AND ($4::text IS NULL OR p.tier = $4)
           ORDER BY p.id LIMIT $5"#,
        partner.uuid(),
        after.map(PartnershipId::uuid),
        filter.status.map(PartnershipStatus::as_str),
        filter.tier.map(Tier::as_str),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PartnershipRecord::from).collect())
}

/// Invites a partner to a vendor's program, anew when an earlier partnership has ended; `None` when there is one that
/// hasn't, and [`sqlx::Error`] naming `partnership_partner` when there is no such partner.
pub(super) async fn invite(
    tx: &mut Tx,
    vendor: OrgId,
    partner: OrgId,
    tier: Tier,
) -> Result<Option<PartnershipId>, sqlx::Error> {
    let (id, now): (PartnershipId, _) = (tx.new_id(), tx.now());
    let id = sqlx::query_scalar!(
        "INSERT INTO partnership AS p (id, vendor_id, partner_id, status, tier, created_at, updated_at)
         VALUES ($1, $2, $3, 'invited', $4, $5, $5)
         ON CONFLICT ON CONSTRAINT partnership_exists DO UPDATE
         SET status = 'invited', tier = excluded.tier, account_manager_id = NULL, updated_at = excluded.updated_at,
             version = p.version + 1
         WHERE p.status = 'ended'
         RETURNING p.id",
        id.uuid(),
        vendor.uuid(),
        partner.uuid(),
        tier.as_str(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(id.map(PartnershipId::from))
}

/// The vendor's invitation that waits for the person with this address to set up a company.
pub(super) async fn awaiting(tx: &mut Tx, vendor: OrgId, email: &str) -> Result<Option<PartnershipId>, sqlx::Error> {
    let now = tx.now();
    let id = sqlx::query_scalar!(
        "SELECT p.id FROM partnership p JOIN invitation i ON i.org_id = p.partner_id
         WHERE p.vendor_id = $1 AND p.status = 'invited' AND i.email = $2 AND i.accepted_at IS NULL AND i.revoked_at IS NULL
           AND i.expires_at > $3 AND NOT EXISTS (SELECT FROM membership m WHERE m.org_id = p.partner_id)
         ORDER BY p.id LIMIT 1",
        vendor.uuid(),
        email,
        now
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(id.map(PartnershipId::from))
}

/// Partnerships that wait for the partner's answer and were made together with its record, in one transaction: the
/// invitation to be its first admin was the invitation to those.
pub(super) async fn founding_invitations(
    conn: &mut PgConnection,
    partner: OrgId,
) -> Result<Vec<PartnershipId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "SELECT p.id FROM partnership p JOIN organisation o ON o.id = p.partner_id AND o.created_at = p.created_at
         WHERE p.partner_id = $1 AND p.status = 'invited'",
        partner.uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PartnershipId::from).collect())
}

/// Moves a locked partnership that `org` is a side of.
pub(super) async fn set_status(
    tx: &mut Tx,
    org: OrgId,
    id: PartnershipId,
    status: PartnershipStatus,
) -> Result<PartnershipRecord, sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE partnership SET status = $2, updated_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        status.as_str(),
        now
    )
    .execute(&mut **tx)
    .await?;
    get(tx, org, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// Stores what the vendor has changed of a locked partnership of its own.
pub(super) async fn update(
    tx: &mut Tx,
    vendor: OrgId,
    id: PartnershipId,
    status: PartnershipStatus,
    (tier, program): (Tier, ProgramId),
    manager: Option<UserId>,
) -> Result<PartnershipRecord, sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "UPDATE partnership
         SET status = $3, tier = $4, account_manager_id = $5, updated_at = $6, program_id = $7, version = version + 1
         WHERE id = $1 AND vendor_id = $2",
        id.uuid(),
        vendor.uuid(),
        status.as_str(),
        tier.as_str(),
        manager.map(UserId::uuid),
        now,
        program.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    get(tx, vendor, id).await?.ok_or(sqlx::Error::RowNotFound)
}
