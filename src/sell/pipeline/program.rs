//! Whose pipeline is looked at.

use guildhall_kernel::{OrgId, ProgramId};
use guildhall_spine::{
    access::OrgKind,
    http::{Problem, code},
    identity::ActingFor,
};
use sqlx::PgConnection;

/// A program that the organisation acted for is in, as its vendor or as a partner.
#[derive(Clone, Copy, Debug)]
pub(super) struct Program {
    pub(super) id: ProgramId,
    pub(super) vendor: OrgId,
}

/// The program with this id, or without one the vendor's first.
///
/// # Errors
/// 404 for what isn't there and for what the organisation is not in; 400 for a partner that names none.
pub(super) async fn visible(
    conn: &mut PgConnection,
    org: ActingFor,
    id: Option<ProgramId>,
) -> Result<Program, Problem> {
    let id = match (id, org.kind) {
        (Some(id), _) => id.uuid(),
        // A vendor's first program has the vendor's own UUID.
        (None, OrgKind::Vendor) => org.id.uuid(),
        (None, OrgKind::Partner) => {
            let needed = "program_id: is needed by a partner: which? GET /api/v1/partnerships lists its programs.";
            return Err(Problem::new(code::INVALID_QUERY, needed));
        }
    };
    let found = sqlx::query!(
        "SELECT p.id, p.vendor_id FROM program p
         WHERE p.id = $1 AND (p.vendor_id = $2
               OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = p.vendor_id AND s.partner_id = $2
                          AND s.program_id = p.id AND s.status <> 'invited'))",
        id,
        org.id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(Program {
        id: found.id.into(),
        vendor: found.vendor_id.into(),
    })
}

/// Whether the two organisations have anything to do with each other.
pub(super) async fn related(conn: &mut PgConnection, vendor: OrgId, partner: OrgId) -> Result<(), Problem> {
    let related = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM partnership WHERE vendor_id = $1 AND partner_id = $2 AND status <> 'invited') AS "related!""#,
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_one(conn)
    .await?;
    if related { Ok(()) } else { Err(Problem::not_found()) }
}
