//! What connections announce, to the vendor.

use guildhall_kernel::{CrmConnectionId, CrmDifferenceId, CrmLinkId, DealId, OrgId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::mapping::Finding;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name {
                /// The connection.
                pub connection_id: CrmConnectionId,
                /// Whose.
                pub vendor_id: OrgId,
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Crm;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A CRM was connected.
    CrmConnected = "crm.connected" {
        /// Its name.
        name: String,
    }
    /// A connection was changed: its name, credentials, mapping, or whether it is on.
    CrmConnectionChanged = "crm.connection_changed" {
        /// What is another now.
        changed: Vec<&'static str>,
    }
    /// A connection is no more, and its links with it.
    CrmDisconnected = "crm.disconnected" {
        /// Its name.
        name: String,
    }
    /// The CRM's fields don't suit the mapping any more: writes rest.
    CrmDriftFound = "crm.drift_found" {
        /// What doesn't.
        findings: Vec<Finding>,
    }
    /// They suit again: writes go on.
    CrmDriftCleared = "crm.drift_cleared" {}
    /// A deal has a record in the CRM.
    CrmRecordLinked = "crm.record_linked" {
        /// The link.
        link_id: CrmLinkId,
        /// The deal.
        deal_id: DealId,
        /// The record.
        record_id: String,
    }
    /// A deal's record is gone from the CRM.
    CrmRecordDisconnected = "crm.record_disconnected" {
        /// The link.
        link_id: CrmLinkId,
        /// The deal.
        deal_id: DealId,
        /// The record that was.
        record_id: String,
        /// `deleted` or `merged`.
        reason: String,
        /// The record that it was merged into.
        merged_into: Option<String>,
    }
    /// A deal is to have another record.
    CrmRelinked = "crm.relinked" {
        /// The link.
        link_id: CrmLinkId,
        /// The deal.
        deal_id: DealId,
        /// The record; without one, a new one is made.
        record_id: Option<String>,
    }
    /// A deal and its record disagree, and a person has to decide.
    CrmDifferenceFound = "crm.difference_found" {
        /// The difference.
        difference_id: CrmDifferenceId,
        /// The deal.
        deal_id: DealId,
        /// The deal's field.
        field: String,
    }
    /// Somebody decided, or another value of the CRM has settled it.
    CrmDifferenceResolved = "crm.difference_resolved" {
        /// The difference.
        difference_id: CrmDifferenceId,
        /// The deal.
        deal_id: DealId,
        /// Whose value stays: `prm` or `crm`.
        kept: String,
    }
    /// Something can't be done and waits to be replayed.
    CrmDeadLetter = "crm.dead_letter" {
        /// What: `sync`, `pull`, `poll`, `drift` or `reconcile`.
        work: String,
        /// In the CRM's words.
        error: String,
    }
    /// What could not be done is tried again.
    CrmReplayed = "crm.replayed" {
        /// How much.
        count: u64,
    }
    /// All linked records were compared.
    CrmReconciled = "crm.reconciled" {
        /// How many.
        compared: u64,
        /// How many differences there are.
        differences: u64,
    }
}
