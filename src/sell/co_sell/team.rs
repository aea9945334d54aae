use std::collections::HashSet;

use guildhall_kernel::UserId;
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Joined, Seen};
use super::change::answer;
use super::events::{self, CoSellTeamChanged, TeamNow};
use super::rows;
use super::view::{CoSell, TeamRole};

/// A side's team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellTeam)]
pub(super) struct Team {
    /// All of them, at most 50; `[]` leaves none.
    #[schema(max_items = 50)]
    members: Vec<Member>,
}

/// Somebody of the team.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellTeamMember)]
pub(super) struct Member {
    /// A member of the organisation acted for.
    user_id: UserId,
    /// What they do.
    role: TeamRole,
}

impl Validate for Team {
    fn validate(&self, checks: &mut Checks) {
        let few = self.members.len() <= 50;
        checks.check(few, "/members", "length", "must have at most 50 members");
        let mut seen = HashSet::new();
        for (place, member) in self.members.iter().enumerate() {
            let pointer = format!("/members/{place}/user_id");
            checks.check(seen.insert(member.user_id), &pointer, "duplicate", "stands here twice");
        }
    }
}

/// Name one's own team
///
/// These people of the organisation acted for, in the place of those before.
#[utoipa::path(put, path = "/api/v1/co-sells/{id}/team", operation_id = "setCoSellTeam", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Team, example = json!({"members": [{"user_id": "user_01kaqv6r3gf5ht2x0m8c9ezw4n", "role": "lead"}]})),
    responses((status = 200, description = "the shared opportunity", body = CoSell, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn set_co_sell_team(
    Joined(seen): Joined,
    if_match: IfMatch,
    command: Command<Team>,
) -> Result<Reply, Problem> {
    let (team, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, _) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    store(tx, &seen, &team).await?;
    let version = rows::touch(tx, seen.id).await?.version;
    let changed = CoSellTeamChanged(TeamNow {
        co_sell_id: seen.id,
        org_id: seen.org,
        version,
    });
    events::to_joined(tx, &seen.actor.origin(), seen.id, &changed).await?;
    answer(command, seen.org, seen.id).await
}

async fn store(tx: &mut Tx, seen: &Seen, team: &Team) -> Result<(), Problem> {
    let users: Vec<Uuid> = team.members.iter().map(|member| member.user_id.uuid()).collect();
    let known = sqlx::query_scalar!(
        "SELECT user_id FROM membership WHERE org_id = $1 AND user_id = ANY ($2)",
        seen.org.uuid(),
        &users,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut checks = Checks::default();
    for (place, user) in users.iter().enumerate() {
        let pointer = format!("/members/{place}/user_id");
        let message = "must be a member of your organisation: GET /api/v1/members lists them";
        checks.check(known.contains(user), &pointer, "unknown_user", message);
    }
    checks.done()?;
    sqlx::query!(
        "DELETE FROM co_sell_member WHERE co_sell_id = $1 AND org_id = $2",
        seen.id.uuid(),
        seen.org.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO co_sell_member (co_sell_id, org_id, user_id, role)
         SELECT $1, $2, m.user_id, m.role FROM unnest($3::uuid[], $4::text[]) m (user_id, role)",
        seen.id.uuid(),
        seen.org.uuid(),
        &users,
        &team
            .members
            .iter()
            .map(|one| one.role.as_str().to_owned())
            .collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
