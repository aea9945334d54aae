use guildhall_kernel::{OrgId, Patch, StageId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{StageChanged, announce};
use super::{Field, Stage, check_criteria, check_probability, rows};
use crate::pipeline::{Category, code};

/// What to change of a stage; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::pipeline) struct StagePatch {
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Proposal")]
    name: Patch<String>,
    /// Its new place, from 1; the stages from there on move up.
    #[serde(default)]
    #[schema(value_type = i32, minimum = 1, example = 2)]
    position: Patch<i32>,
    /// In per cent. Deals in the stage are weighted by it from now on, but for those with a probability of their own.
    #[serde(default)]
    #[schema(value_type = i16, minimum = 0, maximum = 100, example = 40)]
    probability: Patch<i16>,
    /// What deals in it count as from now on, but for those with a category of their own.
    #[serde(default)]
    #[schema(value_type = Category)]
    category: Patch<Category>,
    /// All criteria, at most 20.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20)]
    criteria: Patch<Vec<String>>,
    /// All that a deal needs to have.
    #[serde(default)]
    #[schema(value_type = Vec<Field>)]
    required_fields: Patch<Vec<Field>>,
}

impl Validate for StagePatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/position", &self.position);
        checks.kept("/probability", &self.probability);
        checks.kept("/category", &self.category);
        checks.kept("/criteria", &self.criteria);
        checks.kept("/required_fields", &self.required_fields);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 100, false);
        }
        if let Patch::Value(position) = self.position {
            checks.check(position > 0, "/position", "range", "must be a place from 1");
        }
        if let Patch::Value(probability) = self.probability {
            check_probability(checks, probability);
        }
        if let Patch::Value(criteria) = &self.criteria {
            check_criteria(checks, criteria);
        }
    }
}

/// Change a stage
///
/// Its name, place, probability, category or exit criteria. Forecasts go by the new probability and category at once,
/// and deals in it stay. A place beyond the last is the last.
#[utoipa::path(patch, path = "/api/v1/stages/{id}", operation_id = "changeStage", tag = "pipeline",
    security(("bearer" = ["programs:manage"])),
    params(
        ("id" = String, Path, description = "the stage", example = "stg_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the stage that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe"),
    ),
    request_body(content = StagePatch, example = json!({"probability": 40, "position": 2})),
    responses((status = 200, description = "the stage as it is now", body = Stage, headers(("ETag" = String, description = "its version")))))]
pub(in crate::pipeline) async fn change_stage(
    May { actor, org, .. }: May<right::ProgramManage>,
    PathId(id): PathId<entity::Stage>,
    if_match: IfMatch,
    command: Command<StagePatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let (mut stage, mut others) = hold(&mut command.tx, org.id, id).await?;
    if_match.check(stage.version)?;
    if stage.retired_at.is_some() {
        let detail = "A retired stage is not changed: add another one.";
        return Err(Problem::new(code::STAGE_RETIRED, detail));
    }
    let before = stage.position;
    if let Patch::Value(position) = patch.position {
        stage.position = position.min(i32::try_from(others.len()).unwrap_or(i32::MAX).saturating_add(1));
    }
    stage.name = match patch.name {
        Patch::Value(name) => name.trim().to_owned(),
        _ => stage.name,
    };
    stage.probability = patch.probability.or(stage.probability);
    stage.category = patch.category.or(stage.category);
    stage.criteria = patch.criteria.or(stage.criteria);
    stage.required_fields = patch.required_fields.or(stage.required_fields);
    rows::update(&mut command.tx, &mut stage).await?;
    announce::<StageChanged>(&mut command.tx, &actor.origin(), org.id, &stage).await?;
    if before != stage.position {
        let place = usize::try_from(stage.position - 1).unwrap_or_default();
        renumber(&mut command.tx, &actor.origin(), org.id, &mut others, Some(place)).await?;
    }
    let reply = Reply::ok(&stage)?.version(stage.version);
    command.commit(reply).await
}

/// The stage and the program's other live ones, with the program held.
pub(super) async fn hold(tx: &mut Tx, vendor: OrgId, id: StageId) -> Result<(Stage, Vec<Stage>), Problem> {
    let seen = rows::find(&mut **tx, vendor, id)
        .await?
        .ok_or_else(Problem::not_found)?;
    rows::hold(tx, vendor, seen.program_id).await?;
    let mut stages = rows::of_program(&mut **tx, vendor, seen.program_id).await?;
    let place = stages.iter().position(|stage| stage.id == id);
    let stage = place.map(|place| stages.remove(place)).ok_or_else(Problem::not_found)?;
    stages.retain(|stage| stage.retired_at.is_none());
    Ok((stage, stages))
}

/// Numbers the stages without gaps, but for the place that is taken already.
pub(super) async fn renumber(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    stages: &mut [Stage],
    taken: Option<usize>,
) -> Result<(), Problem> {
    for (place, stage) in stages.iter_mut().enumerate() {
        let place = if taken.is_some_and(|taken| place >= taken) {
            place + 2
        } else {
            place + 1
        };
        let position = i32::try_from(place).unwrap_or(i32::MAX);
        if stage.position != position {
            stage.position = position;
            rows::update(tx, stage).await?;
            announce::<StageChanged>(tx, origin, vendor, stage).await?;
        }
    }
    Ok(())
}
