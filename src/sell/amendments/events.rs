//! What the feature announces. An approval is announced as the change of the deal that it is: `deal.amended`.

use guildhall_kernel::{AmendmentId, DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::rows::Amendment;

/// An amendment, as both sides may know it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AmendmentFacts {
    /// The deal.
    pub deal_id: DealId,
    /// The amendment.
    pub amendment_id: AmendmentId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// Who claims the customer.
    pub partner_id: OrgId,
    /// The amendment's version.
    pub version: i64,
    /// The members of the deal that it makes others, as the deal's history names them.
    pub changed: Vec<String>,
    /// What was said with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub AmendmentFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Deals;
            }

            impl From<AmendmentFacts> for $name {
                fn from(facts: AmendmentFacts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// The partner proposed a change of an approved deal.
    DealAmendmentProposed = "deal.amendment_proposed";
    /// The vendor refused it; the deal stands as it was approved.
    DealAmendmentRejected = "deal.amendment_rejected";
    /// The partner took it back.
    DealAmendmentWithdrawn = "deal.amendment_withdrawn";
}

/// Announces what became of an amendment to both sides.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce<E>(
    tx: &mut Tx,
    origin: &Origin,
    amendment: &Amendment,
    note: Option<String>,
) -> Result<(), Problem>
where
    E: Event + From<AmendmentFacts>,
{
    let facts = AmendmentFacts {
        deal_id: amendment.deal_id,
        amendment_id: amendment.id,
        vendor_id: amendment.vendor_id,
        partner_id: amendment.partner_id,
        version: amendment.version,
        changed: amendment.changes.iter().map(|change| change.field.clone()).collect(),
        note,
    };
    let audiences = [amendment.vendor_id.uuid(), amendment.partner_id.uuid()];
    event::append(tx, origin, amendment.deal_id, &audiences, &E::from(facts)).await?;
    Ok(())
}
