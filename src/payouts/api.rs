//! What the other pillars may ask of this one.

use guildhall_kernel::OrgId;
use sqlx::PgConnection;

/// Whether `vendor` may pay people of `partner` in person: the employer has said so, of this vendor or of all.
///
/// # Errors
/// When the database fails.
pub async fn pays_persons(conn: &mut PgConnection, vendor: OrgId, partner: OrgId) -> Result<bool, sqlx::Error> {
    crate::profiles::pays_persons(conn, vendor, partner).await
}
