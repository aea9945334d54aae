//! What the feature announces, to the partner alone.

use guildhall_kernel::{DealDraftId, DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

/// A draft of a registration.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DraftFacts {
    /// The draft.
    pub draft_id: DealDraftId,
    /// Whose draft.
    pub partner_id: OrgId,
    /// The draft's version after the change.
    pub version: i64,
    /// The deal that was made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<DealId>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub DraftFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Deals;
            }

            impl From<DraftFacts> for $name {
                fn from(facts: DraftFacts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// Somebody of the partner began to write a registration.
    DealDraftCreated = "deal_draft.created";
    /// Somebody of the partner went on writing it.
    DealDraftChanged = "deal_draft.changed";
    /// Somebody of the partner threw it away.
    DealDraftDeleted = "deal_draft.deleted";
    /// Somebody of the partner submitted it.
    DealDraftSubmitted = "deal_draft.submitted";
}

/// Announces what became of a draft.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce<E>(tx: &mut Tx, origin: &Origin, facts: DraftFacts) -> Result<(), Problem>
where
    E: Event + From<DraftFacts>,
{
    event::append(tx, origin, facts.draft_id, &[facts.partner_id.uuid()], &E::from(facts)).await?;
    Ok(())
}
