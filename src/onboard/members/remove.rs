//! Removing a member.

use axum::{extract::State, http::StatusCode};
use guildhall_kernel::{MembershipId, entity};
use guildhall_spine::{
    App,
    access::{May, Role, right},
    event,
    http::{PathId, Problem},
};

use super::{events::MembershipRemoved, rows, rules};
use crate::organisations;

/// Remove a member
///
/// Holds at once, also for tokens and sockets that are there already. Only an owner removes an owner; the last owner
/// of a vendor and the last admin of a partner stay. What the person did stays with the organisation, and so do API
/// keys that they made.
#[utoipa::path(delete, path = "/api/v1/members/{id}", operation_id = "removeMember", tag = "organisation",
    security(("bearer" = ["members:manage"])), params(("id" = MembershipId, Path, description = "the membership")),
    responses((status = 204, description = "removed"),
        (status = 409, description = "`last_leader`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn remove_member(
    State(app): State<App>,
    may: May<right::MemberManage>,
    PathId(id): PathId<entity::Membership>,
) -> Result<StatusCode, Problem> {
    let mut tx = app.db.begin().await?;
    organisations::rows::lock(&mut tx, may.org.id).await?;
    let member = rows::get(&mut tx, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    let current = Role::parse(may.org.kind, &member.role).ok_or_else(|| Problem::internal("a member has no role"))?;
    let others = rows::count_others(&mut tx, may.org.id, rules::leader(may.org.kind), member.user.id).await?;
    rules::may_take(may.actor.role, current, None, others)?;
    rows::delete(&mut tx, id).await?;
    let removed = MembershipRemoved {
        membership_id: id,
        organisation_id: may.org.id,
        user_id: member.user.id,
    };
    let audience = [may.org.id.uuid(), member.user.id.uuid()];
    event::append(&mut tx, &may.actor.origin(), id, &audience, &removed).await?;
    tx.commit().await?;
    app.identity.forget(member.user.id.uuid());
    Ok(StatusCode::NO_CONTENT)
}
