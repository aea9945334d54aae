use guildhall_spine::{
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::Seen;
use super::change::{answer, refuse_closed};
use super::events::{self, CoSellDeclined, CoSellInterested, CoSellJoined, CoSellLeft, PartyNow};
use super::invite::party;
use super::rows;
use super::stage::{Stage, Step};
use super::view::CoSell;

/// What a partner answers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoSellAnswer)]
pub(super) enum Answer {
    /// It wants to know more.
    Interested,
    /// It joins, once it has shown interest.
    Join,
    /// It doesn't want to.
    Decline,
    /// It stops, having joined.
    Leave,
}

/// A partner's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellResponse)]
pub(super) struct Response {
    /// The answer.
    answer: Answer,
    /// For the vendor, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for Response {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

impl Answer {
    const fn step(self) -> Step {
        match self {
            Self::Interested => Step::Interest,
            Self::Join => Step::Join,
            Self::Decline => Step::Decline,
            Self::Leave => Step::Leave,
        }
    }
}

/// Answer an invitation
///
/// By the partner, in steps: interested, then join; decline before that, leave after. Who declines or leaves sees
/// nothing of it any more: 204.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/respond", operation_id = "respondToCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Response, example = json!({"answer": "interested"})),
    responses(
        (status = 200, description = "the shared opportunity", body = CoSell, headers(("ETag" = String, description = "its version"))),
        (status = 204, description = "declined or left"),
    ))]
pub(super) async fn respond_to_co_sell(
    seen: Seen,
    if_match: IfMatch,
    command: Command<Response>,
) -> Result<Reply, Problem> {
    if seen.org == seen.vendor {
        return Err(Problem::new(
            code::FORBIDDEN,
            "Partners answer: the vendor invites and removes.",
        ));
    }
    let (response, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, was) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    let step = response.answer.step();
    let stage = step.from(Some(was)).ok_or_else(|| illegal(was))?;
    if stage.is_live() {
        refuse_closed(locked.status)?;
    }
    let others = events::joined(tx, seen.id).await?;
    rows::set_stage(tx, seen.id, seen.org, stage, response.note.as_deref()).await?;
    let version = rows::touch(tx, seen.id).await?.version;
    announce(tx, &seen, party(&seen, seen.org, stage, version), others).await?;
    if stage.is_live() {
        return answer(command, seen.org, seen.id).await;
    }
    command.commit(Reply::no_content()).await
}

fn illegal(stage: Stage) -> Problem {
    let steps = [Step::Interest, Step::Join, Step::Decline, Step::Leave];
    let legal = steps.iter().filter(|step| step.from(Some(stage)).is_some());
    let legal: Vec<&str> = legal.map(|step| step.as_str()).collect();
    let detail = format!("You are {}: legal answers are {}.", stage.as_str(), legal.join(", "));
    Problem::new(code::ILLEGAL_MOVE, detail).with("legal", legal)
}

/// Interest and refusal are between the two; who joins or leaves is known to those who had joined.
async fn announce(tx: &mut Tx, seen: &Seen, now: PartyNow, mut others: Vec<uuid::Uuid>) -> Result<(), Problem> {
    let origin = seen.actor.origin();
    let two = [seen.vendor.uuid(), seen.org.uuid()];
    others.push(seen.org.uuid());
    match now.stage {
        Stage::Interested => event::append(tx, &origin, seen.id, &two, &CoSellInterested(now)).await?,
        Stage::Joined => event::append(tx, &origin, seen.id, &others, &CoSellJoined(now)).await?,
        Stage::Left => event::append(tx, &origin, seen.id, &others, &CoSellLeft(now)).await?,
        _ => event::append(tx, &origin, seen.id, &two, &CoSellDeclined(now)).await?,
    };
    Ok(())
}
