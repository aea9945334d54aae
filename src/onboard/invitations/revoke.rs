//! Taking an invitation back.

use axum::{extract::State, http::StatusCode};
use guildhall_kernel::{InvitationId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{PathId, Problem, code},
};

use super::{InvitationStatus, events::InvitationRevoked, rows};

/// Take an invitation back
///
/// Its link is worth nothing from now on. One that is revoked or expired already stays so.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", operation_id = "revokeInvitation", tag = "organisation",
    security(("bearer" = ["members:manage"])), params(("id" = InvitationId, Path, description = "the invitation")),
    responses((status = 204, description = "taken back"),
        (status = 409, description = "`illegal_move`: it was accepted", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn revoke_invitation(
    State(app): State<App>,
    may: May<right::MemberManage>,
    PathId(id): PathId<entity::Invitation>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    let invitation = rows::lock(&mut tx, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    match invitation.status {
        InvitationStatus::Accepted => {
            let detail = "It was accepted: remove the member with DELETE /api/v1/members/{id}.";
            return Err(Problem::new(code::ILLEGAL_MOVE, detail));
        }
        InvitationStatus::Revoked | InvitationStatus::Expired => return Ok(StatusCode::NO_CONTENT),
        InvitationStatus::Pending => {}
    }
    rows::revoke(&mut tx, id).await?;
    let revoked = InvitationRevoked {
        invitation_id: id,
        organisation_id: may.org.id,
    };
    event::append(&mut tx, &may.actor.origin(), id, &[may.org.id.uuid()], &revoked).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
