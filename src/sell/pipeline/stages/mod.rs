//! The stages of a program, as data.

mod change;
mod create;
mod events;
mod get;
mod list;
mod retire;
mod rows;

use chrono::{DateTime, Utc};
use guildhall_kernel::{ProgramId, StageId};
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub(super) use change::{__path_change_stage, change_stage};
pub(super) use create::{__path_create_stage, create_stage};
pub(super) use events::{StageChanged, StageCreated, StageRetired};
pub(super) use get::{__path_get_stage, get_stage};
pub(super) use list::{__path_list_stages, list_stages};
pub(super) use retire::{__path_retire_stage, retire_stage};
pub(super) use rows::of_program;

use super::Category;

/// Stages of one program at most.
const MOST: usize = 30;

/// What of a deal can be asked for before it leaves a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = StageField)]
pub(super) enum Field {
    /// The customer's domain.
    CustomerDomain,
    /// At least one contact.
    Contacts,
    /// A note.
    Note,
    /// An amount above zero.
    Amount,
}

impl Field {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::CustomerDomain => "customer_domain",
            Self::Contacts => "contacts",
            Self::Note => "note",
            Self::Amount => "amount",
        }
    }

    fn of(names: &[String]) -> Vec<Self> {
        [Self::CustomerDomain, Self::Contacts, Self::Note, Self::Amount]
            .into_iter()
            .filter(|field| names.iter().any(|name| name == field.as_str()))
            .collect()
    }
}

/// A stage of a program's pipeline.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PipelineStage)]
pub(super) struct Stage {
    /// Its id.
    pub(super) id: StageId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// The program that it is of.
    pub(super) program_id: ProgramId,
    /// Its name.
    #[schema(example = "Proposal")]
    pub(super) name: String,
    /// Its place, from 1.
    #[schema(example = 3)]
    pub(super) position: i32,
    /// How probable it is that a deal in it is won, in per cent.
    #[schema(example = 50)]
    pub(super) probability: i16,
    /// What a deal in it counts as in the forecast.
    pub(super) category: Category,
    /// What has to be confirmed before a deal moves on from it.
    #[schema(example = json!(["A written offer is with the customer"]))]
    pub(super) criteria: Vec<String>,
    /// What a deal needs to have before it moves on from it.
    pub(super) required_fields: Vec<Field>,
    /// Since when no deal enters it; deals that are in it stay.
    pub(super) retired_at: Option<DateTime<Utc>>,
}

/// The id of a stage that every program begins with, from 1 to 5, as the database makes it.
#[must_use]
pub fn first_id(program: ProgramId, place: u8) -> StageId {
    let hash = Sha256::digest(format!("{} stage {place}", program.uuid()));
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(hash) {
        *to = from;
    }
    uuid::Uuid::from_bytes(bytes).into()
}

fn check_criteria(checks: &mut Checks, criteria: &[String]) {
    checks.check(
        criteria.len() <= 20,
        "/criteria",
        "length",
        "must have at most 20 entries",
    );
    for (place, text) in criteria.iter().enumerate() {
        let pointer = format!("/criteria/{place}");
        checks.text(&pointer, text, 1, 200, false);
        let repeated = criteria.iter().take(place).any(|other| other == text);
        checks.check(!repeated, &pointer, "repeated", "stands there twice");
    }
}

fn check_probability(checks: &mut Checks, probability: i16) {
    let fits = (0..=100).contains(&probability);
    checks.check(fits, "/probability", "range", "must be from 0 to 100 (per cent)");
}
