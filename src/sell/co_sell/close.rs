use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::Joined;
use super::change::{answer, refuse_closed};
use super::events::{self, CoSellClosed};
use super::rows;
use super::view::CoSell;

/// How a shared opportunity ends.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoSellOutcome)]
pub(super) enum Outcome {
    /// The customer bought.
    Won,
    /// The customer did not buy.
    Lost,
    /// It was given up.
    Dropped,
}

/// The end of a shared opportunity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellClose)]
pub(super) struct End {
    /// How it ends.
    outcome: Outcome,
}

impl Validate for End {
    fn validate(&self, _: &mut Checks) {}
}

/// Close a shared opportunity
///
/// By the vendor or who opened it. Final. The deal that it is of is closed by itself.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/close", operation_id = "closeCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = End, example = json!({"outcome": "won"})),
    responses((status = 200, description = "the closed opportunity", body = CoSell, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn close_co_sell(
    Joined(seen): Joined,
    if_match: IfMatch,
    command: Command<End>,
) -> Result<Reply, Problem> {
    let (end, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, _) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    seen.refuse_guests(locked.opened_by)?;
    refuse_closed(locked.status)?;
    let status = match end.outcome {
        Outcome::Won => "won",
        Outcome::Lost => "lost",
        Outcome::Dropped => "dropped",
    };
    sqlx::query!("UPDATE co_sell SET status = $2 WHERE id = $1", seen.id.uuid(), status)
        .execute(&mut **tx)
        .await?;
    let now = rows::touch(tx, seen.id).await?;
    let audience = events::live(tx, seen.id).await?;
    event::append(tx, &seen.actor.origin(), seen.id, &audience, &CoSellClosed(now)).await?;
    answer(command, seen.org, seen.id).await
}
