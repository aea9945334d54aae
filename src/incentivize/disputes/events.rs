//! What becomes of disputes, for both sides.

use guildhall_kernel::{DisputeId, EarningId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Status;
use super::view::Dispute;

/// A dispute right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DisputeNow {
    /// The dispute.
    pub dispute_id: DisputeId,
    /// Who pays.
    pub vendor_id: OrgId,
    /// Who objects.
    pub partner_id: OrgId,
    /// The line.
    pub earning_id: EarningId,
    /// Where it stands.
    pub status: Status,
    /// How many messages the thread has.
    pub messages: i32,
    /// Its version after the change.
    pub version: i64,
}

/// A dispute right after somebody spoke.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AnsweredNow {
    /// The dispute.
    #[serde(flatten)]
    pub dispute: DisputeNow,
    /// The side that spoke.
    pub by: OrgId,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident($payload:ident) = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub $payload);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Earnings;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A partner objects to a line.
    DisputeOpened(DisputeNow) = "dispute.opened";
    /// One side has said something.
    DisputeAnswered(AnsweredNow) = "dispute.answered";
    /// The vendor has decided.
    DisputeDecided(DisputeNow) = "dispute.decided";
    /// The partner took it back.
    DisputeWithdrawn(DisputeNow) = "dispute.withdrawn";
}

impl From<&Dispute> for DisputeNow {
    fn from(dispute: &Dispute) -> Self {
        Self {
            dispute_id: dispute.id,
            vendor_id: dispute.vendor_id,
            partner_id: dispute.partner_id,
            earning_id: dispute.earning_id,
            status: dispute.status,
            messages: dispute.messages,
            version: dispute.version,
        }
    }
}

/// Tells both sides.
pub(super) async fn tell<E: Event>(tx: &mut Tx, origin: &Origin, dispute: &Dispute, event: &E) -> Result<(), Problem> {
    let sides = [dispute.vendor_id.uuid(), dispute.partner_id.uuid()];
    event::append(tx, origin, dispute.id, &sides, event).await?;
    Ok(())
}
