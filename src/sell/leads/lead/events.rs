//! What happens to leads. What a partner hears before it accepted a lead says nothing of the person.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, LeadId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Batched, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::draft::Source;
use super::stage::Stage;

/// A lead right after a change, as the vendor and the partner concerned may know it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LeadFacts {
    /// The lead.
    pub lead_id: LeadId,
    /// Whose it is.
    pub vendor_id: OrgId,
    /// The partner that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner_id: Option<OrgId>,
    /// The company's name.
    pub company_name: String,
    /// Where the lead stands now.
    pub stage: Stage,
    /// Where it came from.
    pub source: Source,
    /// The lead's version after the change.
    pub version: i64,
    /// Why it was declined, given back or given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When an answer or the first contact is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
    /// The deal that was made of it, or that it is another sign of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<DealId>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub LeadFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Leads;
            }

            impl From<LeadFacts> for $name {
                fn from(facts: LeadFacts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What happens to leads, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A lead came in. For the vendor.
    LeadReceived = "lead.received";
    /// A company with an open lead showed interest again. For the vendor.
    LeadTouched = "lead.touched";
    /// A lead came in that looks like spam. For the vendor.
    LeadQuarantined = "lead.quarantined";
    /// A lead came in of a company that a live deal is with. For the vendor.
    LeadMatchedDeal = "lead.matched_deal";
    /// The vendor found that a lead is no spam, or took up one that it had given up. For the vendor.
    LeadReleased = "lead.released";
    /// A lead was offered to a partner.
    LeadOffered = "lead.offered";
    /// No rule has a partner for the lead. For the vendor.
    LeadUnassigned = "lead.unassigned";
    /// A partner took the lead.
    LeadAccepted = "lead.accepted";
    /// A partner did not want the lead.
    LeadDeclined = "lead.declined";
    /// A partner did not answer in time.
    LeadOfferExpired = "lead.offer_expired";
    /// Another partner was first, or the vendor took the offer back.
    LeadOfferEnded = "lead.offer_ended";
    /// The customer still waits for the partner's first contact.
    LeadContactDue = "lead.contact_due";
    /// The partner has spoken with the customer.
    LeadContacted = "lead.contacted";
    /// There is something to sell.
    LeadQualified = "lead.qualified";
    /// The partner gave the lead back.
    LeadReturned = "lead.returned";
    /// The lead was taken from the partner.
    LeadPulledBack = "lead.pulled_back";
    /// Nothing will come of the lead.
    LeadDisqualified = "lead.disqualified";
    /// A deal was registered.
    LeadConverted = "lead.converted";
    /// Somebody noted something on the lead.
    LeadNoted = "lead.noted";
}

/// Announces a change of a lead to the vendor and, if there is one, the partner that the facts name.
///
/// # Errors
/// When the database fails.
pub(in crate::leads) async fn announce<E>(tx: &mut Tx, origin: &Origin, facts: LeadFacts) -> Result<(), Problem>
where
    E: Event + From<LeadFacts>,
{
    let mut audiences: Vec<Uuid> = vec![facts.vendor_id.uuid()];
    audiences.extend(facts.partner_id.map(OrgId::uuid));
    event::append(tx, origin, facts.lead_id, &audiences, &E::from(facts)).await?;
    Ok(())
}

/// Announces the same change of many leads in one go: to the vendor, and to these partners of each.
///
/// # Errors
/// When the database fails.
pub(in crate::leads) async fn announce_all<E>(
    tx: &mut Tx,
    origin: &Origin,
    all: Vec<(LeadFacts, Vec<OrgId>)>,
) -> Result<(), Problem>
where
    E: Event + From<LeadFacts>,
{
    let event = |(facts, partners): (LeadFacts, Vec<OrgId>)| {
        let mut audiences: Vec<Uuid> = vec![facts.vendor_id.uuid()];
        audiences.extend(partners.into_iter().map(OrgId::uuid));
        Batched {
            subject: facts.lead_id.into(),
            audiences,
            event: E::from(facts),
        }
    };
    let events: Vec<_> = all.into_iter().map(event).collect();
    event::append_all(tx, origin, &events).await
}
