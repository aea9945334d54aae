use guildhall_kernel::entity;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::change::{hold, renumber};
use super::events::{StageRetired, announce};
use super::{Stage, rows};
use crate::pipeline::code;

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct StageRetirement {}

impl Validate for StageRetirement {
    fn validate(&self, _: &mut Checks) {}
}

/// Retire a stage
///
/// No deal enters it any more; those that are in it stay, count as before and can move on. A program's last stage can't
/// be retired (`last_stage`).
#[utoipa::path(post, path = "/api/v1/stages/{id}/retire", operation_id = "retireStage", tag = "pipeline",
    security(("bearer" = ["programs:manage"])),
    params(
        ("id" = String, Path, description = "the stage", example = "stg_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the stage that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe"),
    ),
    request_body(content = StageRetirement, example = json!({})),
    responses((status = 200, description = "the retired stage", body = Stage, headers(("ETag" = String, description = "its version")))))]
pub(in crate::pipeline) async fn retire_stage(
    May { actor, org, .. }: May<right::ProgramManage>,
    PathId(id): PathId<entity::Stage>,
    if_match: IfMatch,
    command: Command<StageRetirement>,
) -> Result<Reply, Problem> {
    let (StageRetirement {}, mut command) = command.take();
    let tx = &mut command.tx;
    let (mut stage, mut others) = hold(tx, org.id, id).await?;
    if_match.check(stage.version)?;
    if stage.retired_at.is_some() {
        return Err(Problem::new(code::STAGE_RETIRED, "It was retired before."));
    }
    if others.is_empty() {
        let detail = "Approved deals enter a stage: add another one first.";
        return Err(Problem::new(code::LAST_STAGE, detail));
    }
    stage.retired_at = Some(tx.now());
    rows::update(tx, &mut stage).await?;
    announce::<StageRetired>(tx, &actor.origin(), org.id, &stage).await?;
    renumber(tx, &actor.origin(), org.id, &mut others, None).await?;
    let reply = Reply::ok(&stage)?.version(stage.version);
    command.commit(reply).await
}
