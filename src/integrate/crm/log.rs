//! The sync log: what went over a connection, and what was overwritten by whom and why.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, CrmSyncId, DealId, entity};
use guildhall_spine::{db::Tx, http::Problem};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CrmSyncOutcome)]
pub(crate) enum Outcome {
    /// A record was made in the CRM.
    Created,
    /// A record was changed there.
    Updated,
    /// The CRM's change was taken over here.
    Applied,
    /// The CRM told of what it had from here: nothing to do.
    Echo,
    /// It was older than what is known: dropped.
    Stale,
    /// It failed and is tried again.
    Retried,
    /// It failed for good: a dead letter.
    Failed,
    /// The record is gone from the CRM.
    Disconnected,
    /// The sides disagree and a person decides.
    Difference,
    /// The deal was given another record.
    Relinked,
    /// A message named a record that no deal is linked with.
    Ignored,
    /// What the CRM said has no name here: a value without one, or no mapped field.
    Unmapped,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Applied => "applied",
            Self::Echo => "echo",
            Self::Stale => "stale",
            Self::Retried => "retried",
            Self::Failed => "failed",
            Self::Disconnected => "disconnected",
            Self::Difference => "difference",
            Self::Relinked => "relinked",
            Self::Ignored => "ignored",
            Self::Unmapped => "unmapped",
        }
    }

    const fn direction(self) -> Direction {
        match self {
            Self::Created | Self::Updated | Self::Retried | Self::Failed | Self::Relinked => Direction::ToCrm,
            _ => Direction::ToPrm,
        }
    }
}

/// Which way it went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CrmSyncDirection)]
pub(crate) enum Direction {
    /// From here to the CRM.
    ToCrm,
    /// From the CRM to here.
    ToPrm,
}

/// What became of one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CrmSyncField)]
pub(crate) struct FieldChange {
    /// The deal's field.
    #[schema(example = "amount")]
    pub(super) prm: String,
    /// The CRM's field.
    #[schema(example = "Amount")]
    pub(super) crm: String,
    /// What was overwritten, on the side that was written to.
    #[schema(example = "3601.5")]
    pub(super) old: Option<String>,
    /// By what.
    #[schema(example = "4000")]
    pub(super) new: Option<String>,
    /// Whose value it is: `prm` or `crm`; `ask` when a person decides.
    #[schema(example = "crm")]
    pub(super) winner: String,
    /// Why it won.
    #[schema(example = "only the CRM has changed")]
    pub(super) why: String,
}

/// An entry to be written.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) deal: Option<DealId>,
    pub(super) record: Option<String>,
    pub(super) outcome: Outcome,
    pub(super) error: Option<String>,
    pub(super) fields: Vec<FieldChange>,
}

impl Entry {
    pub(super) const fn new(outcome: Outcome) -> Self {
        Self {
            deal: None,
            record: None,
            outcome,
            error: None,
            fields: Vec::new(),
        }
    }
}

/// An entry of the sync log.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = CrmSyncEntry)]
pub(crate) struct Logged {
    /// Its id.
    pub(super) id: CrmSyncId,
    /// The connection.
    pub(super) connection_id: CrmConnectionId,
    /// The deal.
    pub(super) deal_id: Option<DealId>,
    /// The record in the CRM.
    pub(super) record_id: Option<String>,
    /// Which way.
    pub(super) direction: Direction,
    /// What became of it.
    pub(super) outcome: Outcome,
    /// What went wrong, in the CRM's words, or why it was not taken.
    pub(super) error: Option<String>,
    /// Field by field: the old value, the new one, whose it is and why.
    #[schema(value_type = Vec<FieldChange>)]
    pub(super) fields: Json<Vec<FieldChange>>,
    /// When.
    pub(super) at: DateTime<Utc>,
}

/// Writes an entry as part of `tx`.
pub(super) async fn write(tx: &mut Tx, connection: CrmConnectionId, entry: &Entry) -> Result<(), Problem> {
    let (id, at) = (tx.new_id::<entity::CrmSync>(), tx.now());
    sqlx::query!(
        "INSERT INTO crm_sync (id, connection_id, deal_id, record_id, direction, outcome, error, fields, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.uuid(),
        connection.uuid(),
        entry.deal.map(DealId::uuid),
        entry.record,
        match entry.outcome.direction() {
            Direction::ToCrm => "to_crm",
            Direction::ToPrm => "to_prm",
        },
        entry.outcome.as_str(),
        entry.error,
        Json(&entry.fields) as _,
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
