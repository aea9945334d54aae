//! What the other pillars may ask of this one.

use guildhall_kernel::{OrgId, PartnershipId};
use guildhall_spine::http::Problem;
use sqlx::PgConnection;

pub use crate::partnerships::{PartnershipStatus, Tier};

/// A partner's standing in a vendor's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partnership {
    /// Its id.
    pub id: PartnershipId,
    /// Where it is in its life.
    pub status: PartnershipStatus,
    /// The program level.
    pub tier: Tier,
}

/// The active partnership of `partner` in `vendor`'s program, if there is one and neither company is suspended.
///
/// # Errors
/// When the database fails.
pub async fn active_partnership(
    conn: &mut PgConnection,
    vendor: OrgId,
    partner: OrgId,
) -> Result<Option<Partnership>, Problem> {
    let row = sqlx::query!(
        r#"SELECT p.id, p.status AS "status: PartnershipStatus", p.tier AS "tier: Tier"
           FROM partnership p
           JOIN organisation v ON v.id = p.vendor_id AND v.status = 'active'
           JOIN organisation o ON o.id = p.partner_id AND o.status = 'active'
           WHERE p.vendor_id = $1 AND p.partner_id = $2 AND p.status = 'active'"#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Partnership {
        id: row.id.into(),
        status: row.status,
        tier: row.tier,
    }))
}
