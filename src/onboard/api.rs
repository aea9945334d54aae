//! What the other pillars may ask of this one.

use guildhall_kernel::{OrgId, PartnershipId, ProgramId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::PgConnection;

pub use crate::partnerships::bulk::{
    BulkPartner, Inviter, NamedPartner, add_partners, domains_in_program, partners_named, tiers_of,
};
pub use crate::partnerships::{CHANGED as PARTNERSHIP_CHANGED, PartnershipStatus, Tier};

/// A partner's standing in a vendor's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partnership {
    /// Its id.
    pub id: PartnershipId,
    /// Where it is in its life.
    pub status: PartnershipStatus,
    /// The vendor's program that it stands in.
    pub program: ProgramId,
    /// The program level.
    pub tier: Tier,
}

/// Whether `partner` has an active place in `vendor`'s program at the moment.
///
/// # Errors
/// When the database fails.
pub async fn is_active_partner(conn: &mut PgConnection, vendor: OrgId, partner: OrgId) -> Result<bool, Problem> {
    let active = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM partnership p
               JOIN organisation v ON v.id = p.vendor_id AND v.status = 'active'
               JOIN organisation o ON o.id = p.partner_id AND o.status = 'active'
               WHERE p.vendor_id = $1 AND p.partner_id = $2 AND p.status = 'active') AS "active!""#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(active)
}

/// The active partnership of `partner` in `vendor`'s program, if there is one and neither company is suspended. It stays
/// active until the caller's transaction ends: suspending it waits, and what is granted before is told before.
///
/// # Errors
/// When the database fails.
pub async fn active_partnership(tx: &mut Tx, vendor: OrgId, partner: OrgId) -> Result<Option<Partnership>, Problem> {
    let row = sqlx::query!(
        r#"SELECT p.id, p.status AS "status: PartnershipStatus", p.tier AS "tier: Tier",
                  p.program_id
           FROM partnership p
           JOIN organisation v ON v.id = p.vendor_id AND v.status = 'active'
           JOIN organisation o ON o.id = p.partner_id AND o.status = 'active'
           WHERE p.vendor_id = $1 AND p.partner_id = $2 AND p.status = 'active' FOR SHARE OF p"#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Partnership {
        id: row.id.into(),
        status: row.status,
        program: row.program_id.into(),
        tier: row.tier,
    }))
}

/// The addresses of those who lead and administer `org` and whose account is in use.
///
/// # Errors
/// When the database fails.
pub async fn leaders_addresses(conn: &mut PgConnection, org: OrgId) -> Result<Vec<String>, Problem> {
    let addresses = sqlx::query_scalar!(
        "SELECT u.email FROM membership m JOIN user_account u ON u.id = m.user_id
         WHERE m.org_id = $1 AND m.role IN ('owner', 'admin') AND u.status = 'active' AND u.email_verified_at IS NOT NULL
         ORDER BY m.id",
        org.uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(addresses)
}
