//! Giving a member another role.

use axum::extract::State;
use guildhall_kernel::{MembershipId, entity};
use guildhall_spine::{
    App,
    access::{May, Role, right},
    event,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Member, events::MembershipChanged, rows, rules};
use crate::organisations;

/// The new role.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleChange {
    /// One of the organisation's kind.
    #[schema(example = "sales")]
    role: String,
}

impl Validate for RoleChange {
    fn validate(&self, _: &mut Checks) {}
}

/// Give a member another role
///
/// Holds at once, also for tokens and sockets that are there already. Only an owner makes or changes an owner; the
/// last owner of a vendor and the last admin of a partner keep their role.
#[utoipa::path(patch, path = "/api/v1/members/{id}", operation_id = "changeMember", tag = "organisation",
    security(("bearer" = ["members:manage"])),
    params(("id" = MembershipId, Path, description = "the membership"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = RoleChange, example = json!({"role": "sales"})),
    responses((status = 200, description = "the member as it is now", body = Member, headers(("ETag" = String))),
        (status = 409, description = "`last_leader`", content_type = "application/problem+json", body = ref("#/components/schemas/Problem"))))]
pub(super) async fn change_member(
    State(app): State<App>,
    may: May<right::MemberManage>,
    PathId(id): PathId<entity::Membership>,
    if_match: IfMatch,
    mut command: Command<RoleChange>,
) -> Result<Reply, Problem> {
    let next = rules::parse_role(may.org.kind, &command.body.role)?;
    let tx = &mut command.tx;
    organisations::rows::lock(tx, may.org.id).await?;
    let member = rows::get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    if_match.check(member.version)?;
    let current = Role::parse(may.org.kind, &member.role).ok_or_else(|| Problem::internal("a member has no role"))?;
    rules::may_grant(may.actor.role, next)?;
    let others = rows::count_others(tx, may.org.id, rules::leader(may.org.kind), member.user.id).await?;
    rules::may_take(may.actor.role, current, Some(next), others)?;
    if next == current {
        return command.commit(Reply::ok(&member)?.version(member.version)).await;
    }
    rows::set_role(tx, id, next).await?;
    let changed = MembershipChanged {
        membership_id: id,
        organisation_id: may.org.id,
        user_id: member.user.id,
        role: next.as_str(),
        previous_role: current.as_str(),
    };
    let audience = [may.org.id.uuid(), member.user.id.uuid()];
    event::append(tx, &may.actor.origin(), id, &audience, &changed).await?;
    let member = rows::get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let reply = command.commit(Reply::ok(&member)?.version(member.version)).await?;
    app.identity.forget(member.user.id.uuid());
    Ok(reply)
}
