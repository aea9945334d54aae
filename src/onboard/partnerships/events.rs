//! What partnerships publish, to both sides.

use guildhall_kernel::{OrgId, PartnershipId, ProgramId, UserId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::{PartnershipRecord, PartnershipStatus, Tier};

/// The events of partnerships.
pub(super) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<PartnershipInvited>(),
    EventDoc::of::<PartnershipDeclined>(),
    EventDoc::of::<PartnershipChanged>(),
];

macro_rules! standings {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize, JsonSchema)]
        pub(super) struct $name {
            /// The partnership.
            pub(super) partnership_id: PartnershipId,
            /// Whose program.
            pub(super) vendor_id: OrgId,
            /// Which partner.
            pub(super) partner_id: OrgId,
            /// Where it is in its life now.
            pub(super) status: PartnershipStatus,
            /// The program level now.
            pub(super) tier: Tier,
            /// The program that it stands in now.
            pub(super) program_id: ProgramId,
            /// Who looks after the partner now.
            pub(super) account_manager_id: Option<UserId>,
            /// The record's version now.
            pub(super) version: i64,
        }

        impl From<&PartnershipRecord> for $name {
            fn from(record: &PartnershipRecord) -> Self {
                Self {
                    partnership_id: record.id,
                    vendor_id: record.vendor.id,
                    partner_id: record.partner.id,
                    status: record.status,
                    tier: record.tier,
                    program_id: record.program_id,
                    account_manager_id: record.account_manager.as_ref().map(|manager| manager.id),
                    version: record.version,
                }
            }
        }

        impl Event for $name {
            const KIND: &'static str = $kind;
            const TOPIC: Topic = Topic::Partnerships;
        }
    )*};
}

standings! {
    /// A vendor has invited a partner to its program.
    PartnershipInvited = "partnership.invited";
    /// The partner has declined the invitation; the partnership has ended before it began.
    PartnershipDeclined = "partnership.declined";
    /// Status, tier, program or account manager is another one.
    PartnershipChanged = "partnership.changed";
}
