//! What happened to a deal, for both of its sides to read: written with each step, in its transaction.

use guildhall_kernel::{DealId, Entity, Id, OrgId, UserId, id_text};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::events::DealFacts;

/// A member of the deal that is another now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DealFieldChange)]
pub(crate) struct Change {
    /// The member, by the name that it has in the deal; `custom.<key>` is a field of the program's form.
    #[schema(example = "expected_close")]
    pub(crate) field: String,
    /// What it was.
    #[schema(value_type = Value, example = "2027-03-31")]
    pub(crate) from: Value,
    /// What it became.
    #[schema(value_type = Value, example = "2027-06-30")]
    pub(crate) to: Value,
}

/// A vote in the chain that approves a deal, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vote {
    /// What the chain's step is called.
    pub(crate) step: String,
    /// Whether the approver was for it.
    pub(crate) approved: bool,
    /// Whose approvals the voter had on loan.
    #[serde(rename = "for")]
    pub(crate) for_another: Option<Uuid>,
}

/// A step in the life of a deal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry<'a> {
    /// What it was, a past participle: `approved`.
    pub(crate) kind: &'a str,
    /// What was said with it.
    pub(crate) said: Option<&'a str>,
    /// Why, by a name of the operation's own.
    pub(crate) reason: Option<&'a str>,
    /// What is another now.
    pub(crate) changes: Vec<Change>,
    /// The side that alone may see it; both when `None`.
    pub(crate) only_for: Option<OrgId>,
    /// What it was about: the prefix of an id, and the id.
    pub(crate) about: Option<(&'static str, Uuid)>,
    /// What was voted.
    pub(crate) vote: Option<Vote>,
}

impl<'a> Entry<'a> {
    /// A step that both sides may see.
    pub(crate) fn of(kind: &'a str) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }

    /// The same, about something.
    pub(crate) fn about<E: Entity>(self, id: Id<E>) -> Self {
        Self {
            about: Some((E::PREFIX, id.uuid())),
            ..self
        }
    }
}

/// Writes a step of `deal` that `origin` made, as part of `tx`. Both sides may read it unless the entry says otherwise.
///
/// # Errors
/// When the database fails.
pub(crate) async fn note(tx: &mut Tx, deal: DealId, origin: &Origin, entry: Entry<'_>) -> Result<(), Problem> {
    let at = tx.now();
    let changes = serde_json::to_value(entry.changes).map_err(Problem::internal)?;
    let vote = entry
        .vote
        .map(serde_json::to_value)
        .transpose()
        .map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO deal_history (deal_id, at, kind, user_id, org_id, only_for, said, reason, changes, about_kind, about_id,
                                   vote)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        deal.uuid(),
        at,
        entry.kind,
        origin.user_id.map(UserId::uuid),
        origin.organisation_id.map(OrgId::uuid),
        entry.only_for.map(OrgId::uuid),
        entry.said,
        entry.reason,
        changes,
        entry.about.map(|(kind, _)| kind),
        entry.about.map(|(_, id)| id),
        vote,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes the step that an event of this kind announces.
///
/// # Errors
/// When the database fails.
pub(super) async fn note_event(tx: &mut Tx, origin: &Origin, kind: &str, facts: &DealFacts) -> Result<(), Problem> {
    let reason = facts.reason.map(super::wire::RejectReason::as_str);
    let entry = Entry {
        said: facts.note.as_deref(),
        reason: reason
            .or(facts.close_reason.map(super::wire::CloseReason::as_str))
            .or(facts.rule.as_deref()),
        ..Entry::of(kind.strip_prefix("deal.").unwrap_or(kind))
    };
    note(tx, facts.deal_id, origin, entry).await
}

/// The text of what an entry is about.
pub(super) fn about_text(kind: Option<&str>, id: Option<Uuid>) -> Option<String> {
    id_text(kind?, id?)
}
