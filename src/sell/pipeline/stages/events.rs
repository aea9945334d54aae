//! What is announced of stages, to the vendor.

use guildhall_kernel::{OrgId, ProgramId, StageId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Stage;
use crate::pipeline::Category;

/// A stage right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct StageFacts {
    /// The stage.
    pub(crate) stage_id: StageId,
    /// The program that it is of.
    pub(crate) program_id: ProgramId,
    /// Its name.
    pub(crate) name: String,
    /// Its place, from 1.
    pub(crate) position: i32,
    /// How probable it is that a deal in it is won, in per cent.
    pub(crate) probability: i16,
    /// What a deal in it counts as in the forecast.
    pub(crate) category: Category,
    /// The stage's version after the change.
    pub(crate) version: i64,
}

impl From<&Stage> for StageFacts {
    fn from(stage: &Stage) -> Self {
        Self {
            stage_id: stage.id,
            program_id: stage.program_id,
            name: stage.name.clone(),
            position: stage.position,
            probability: stage.probability,
            category: stage.category,
            version: stage.version,
        }
    }
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub(crate) struct $name(pub(crate) StageFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Programs;
            }

            impl From<StageFacts> for $name {
                fn from(facts: StageFacts) -> Self {
                    Self(facts)
                }
            }
        )*
    };
}

events! {
    /// A stage was added to a program's pipeline.
    StageCreated = "pipeline_stage.created";
    /// A stage was changed or moved.
    StageChanged = "pipeline_stage.changed";
    /// No deal enters the stage any more.
    StageRetired = "pipeline_stage.retired";
}

/// Announces a change of a stage to its vendor.
pub(super) async fn announce<E>(tx: &mut Tx, origin: &Origin, vendor: OrgId, stage: &Stage) -> Result<(), Problem>
where
    E: Event + From<StageFacts>,
{
    event::append(tx, origin, stage.id, &[vendor.uuid()], &E::from(stage.into())).await?;
    Ok(())
}
