//! Which organisation a session acts for.

use guildhall_kernel::{OrgId, UserId};
use sqlx::PgConnection;

use super::Seat;
use crate::{access::OrgKind, http::Problem};

/// The user's seat in `asked`; without one asked for, in the organisation acted for last, or else the one joined
/// first. Suspended organisations have no seats.
pub(super) async fn seat(db: &mut PgConnection, user: UserId, asked: Option<OrgId>) -> Result<Option<Seat>, Problem> {
    let row = sqlx::query!(
        r#"SELECT o.id, o.name, o.kind AS "kind: OrgKind", m.role
           FROM membership m
           JOIN organisation o ON o.id = m.org_id AND o.status = 'active'
           LEFT JOIN LATERAL (
               SELECT max(s.used_at) AS at FROM session s WHERE s.user_id = m.user_id AND s.org_id = m.org_id
           ) used ON true
           WHERE m.user_id = $1 AND ($2::uuid IS NULL OR m.org_id = $2)
           ORDER BY used.at DESC NULLS LAST, m.created_at, m.id
           LIMIT 1"#,
        user.uuid(),
        asked.map(OrgId::uuid),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Seat {
        id: row.id.into(),
        name: row.name,
        kind: row.kind,
        role: row.role,
    }))
}
