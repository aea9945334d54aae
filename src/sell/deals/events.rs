//! What the feature announces.

use chrono::NaiveDate;
use guildhall_kernel::{AppealId, DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::conflict::Level;
use super::find_conflicts::Rival;
use super::history;
use super::rows::Written;
use super::state::DealStatus;
use super::wire::{CloseReason, EndReason, RejectReason};
use crate::amendments;

/// A deal right after a change, as both sides may know it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealFacts {
    /// The deal.
    pub deal_id: DealId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// Who claims the customer.
    pub partner_id: OrgId,
    /// The customer's legal name.
    pub customer_name: String,
    /// Where the deal stands now.
    pub status: DealStatus,
    /// The sum of its lines, a decimal number.
    pub amount: String,
    /// The currency of the amount (ISO 4217).
    pub currency: String,
    /// The deal's version after the change.
    pub version: i64,
    /// What was said: the question, the note of an approval, a refusal or a withdrawal, or what an appeal states.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the vendor refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<RejectReason>,
    /// When the customer bought, or said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_on: Option<NaiveDate>,
    /// Why the customer bought, or didn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub close_reason: Option<CloseReason>,
    /// The rule of the approval policy that approved it, when no person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Why the protection has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_because: Option<EndReason>,
    /// The appeal, when the partner objects to a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appeal_id: Option<AppealId>,
    /// The members of the deal that are others now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<&'static str>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub DealFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Deals;
            }

            impl From<DealFacts> for $name {
                fn from(facts: DealFacts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)* EventDoc::of::<DealConflictFound>()];
    };
}

events! {
    /// A partner registered a deal.
    DealSubmitted = "deal.submitted";
    /// A partner changed a deal that the vendor has not decided on.
    DealChanged = "deal.changed";
    /// The vendor asked a question.
    DealInfoRequested = "deal.info_requested";
    /// The partner answered by changing the deal.
    DealResubmitted = "deal.resubmitted";
    /// The vendor agreed to a change of an approved deal.
    DealAmended = "deal.amended";
    /// The vendor granted the claim.
    DealApproved = "deal.approved";
    /// The vendor refused the claim.
    DealRejected = "deal.rejected";
    /// The partner gave the claim up.
    DealWithdrawn = "deal.withdrawn";
    /// The partner objects to the refusal; the vendor owes a second answer.
    DealAppealed = "deal.appealed";
    /// The protection ran out, or lapsed because nobody worked on the deal.
    DealExpired = "deal.expired";
    /// The vendor ended the protection at the customer's request.
    DealReleased = "deal.released";
    /// The customer bought: what earnings are made of.
    DealWon = "deal.won";
    /// The customer did not buy.
    DealLost = "deal.lost";
    /// A deal came from before this server, as it stood there.
    DealImported = "deal.imported";
}

/// A registration was found to conflict with others that it hadn't met before. For the vendor only.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealConflictFound {
    /// The registration that was looked at.
    pub deal_id: DealId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// The gravest level.
    pub level: Level,
    /// How many live registrations it conflicts with.
    pub count: usize,
    /// Those registrations, the gravest first.
    pub conflicting_deal_ids: Vec<DealId>,
}

impl Event for DealConflictFound {
    const KIND: &'static str = "deal.conflict_found";
    const TOPIC: Topic = Topic::Deals;
}

/// Announces a step of a deal to both sides, and notes it in the deal's history.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce<E>(tx: &mut Tx, origin: &Origin, facts: DealFacts) -> Result<(), Problem>
where
    E: Event + From<DealFacts>,
{
    history::note_event(tx, origin, E::KIND, &facts).await?;
    if !facts.status.is_live() {
        amendments::lapse(tx, facts.deal_id).await?;
    }
    publish::<E>(tx, origin, facts).await
}

/// Announces a change of a deal to both sides, without a word in its history.
///
/// # Errors
/// When the database fails.
pub(crate) async fn publish<E>(tx: &mut Tx, origin: &Origin, facts: DealFacts) -> Result<(), Problem>
where
    E: Event + From<DealFacts>,
{
    let audiences = [facts.vendor_id.uuid(), facts.partner_id.uuid()];
    event::append(tx, origin, facts.deal_id, &audiences, &E::from(facts)).await?;
    Ok(())
}

/// Tells the vendor of conflicts that are new.
///
/// # Errors
/// When the database fails.
pub(crate) async fn announce_conflicts(
    tx: &mut Tx,
    origin: &Origin,
    written: &Written,
    rivals: &[Rival],
) -> Result<(), Problem> {
    announce_rivals(tx, origin, (written.id, written.vendor_id), rivals).await
}

/// Tells the vendor of conflicts of a deal that are new.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce_rivals(
    tx: &mut Tx,
    origin: &Origin,
    (deal, vendor): (DealId, OrgId),
    rivals: &[Rival],
) -> Result<(), Problem> {
    let found = DealConflictFound {
        deal_id: deal,
        vendor_id: vendor,
        level: super::find_conflicts::gravest(rivals),
        count: rivals.len(),
        conflicting_deal_ids: rivals.iter().map(|rival| rival.deal).collect(),
    };
    event::append(tx, origin, deal, &[vendor.uuid()], &found).await?;
    Ok(())
}
