use guildhall_kernel::ProgramId;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{StageCreated, announce};
use super::{Field, MOST, Stage, check_criteria, check_probability, rows};
use crate::pipeline::Category;

/// A stage to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct StageDraft {
    /// The program.
    program_id: ProgramId,
    /// 1 to 100 characters, other than those of the program's other stages.
    #[schema(example = "Proof of concept")]
    name: String,
    /// How probable it is that a deal in it is won, in per cent.
    #[schema(minimum = 0, maximum = 100, example = 40)]
    probability: i16,
    /// What a deal in it counts as in the forecast.
    category: Category,
    /// What has to be confirmed before a deal moves on from it, at most 20 texts of 1 to 200 characters.
    #[serde(default)]
    #[schema(max_items = 20)]
    criteria: Vec<String>,
    /// What a deal needs to have before it moves on from it.
    #[serde(default)]
    required_fields: Vec<Field>,
}

impl Validate for StageDraft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 100, false);
        check_probability(checks, self.probability);
        check_criteria(checks, &self.criteria);
    }
}

/// Add a stage
///
/// It comes last in its program; change its `position` to move it.
#[utoipa::path(post, path = "/api/v1/pipeline/stages", operation_id = "createStage", tag = "pipeline",
    security(("bearer" = ["programs:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = StageDraft, example = json!({"program_id": "prog_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "name": "Proof of concept", "probability": 40, "category": "pipeline", "criteria": ["The test was passed"]})),
    responses((status = 201, description = "the stage", body = Stage, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(in crate::pipeline) async fn create_stage(
    May { actor, org, .. }: May<right::ProgramManage>,
    command: Command<StageDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    if !rows::hold(tx, org.id, draft.program_id).await? {
        return Err(Problem::field("/program_id", "unknown", "must be a program of yours"));
    }
    let others = rows::of_program(&mut **tx, org.id, draft.program_id).await?;
    let live = others.iter().filter(|stage| stage.retired_at.is_none()).count();
    if live >= MOST {
        let message = format!("has {MOST} stages already: retire one first");
        return Err(Problem::field("/program_id", "full", message));
    }
    let stage = Stage {
        id: tx.new_id(),
        version: 1,
        program_id: draft.program_id,
        name: draft.name.trim().to_owned(),
        position: i32::try_from(live).unwrap_or_default() + 1,
        probability: draft.probability,
        category: draft.category,
        criteria: draft.criteria,
        required_fields: draft.required_fields,
        retired_at: None,
    };
    rows::insert(tx, org.id, &stage).await?;
    announce::<StageCreated>(tx, &actor.origin(), org.id, &stage).await?;
    let reply = Reply::created(&format!("/api/v1/stages/{}", stage.id), &stage)?.version(1);
    command.commit(reply).await
}
