//! What organisations publish, to themselves.

use guildhall_kernel::OrgId;
use guildhall_spine::{
    access::OrgKind,
    event::{Event, EventDoc, Topic},
};
use schemars::JsonSchema;
use serde::Serialize;

/// The events of organisations.
pub(super) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<OrganisationCreated>(),
    EventDoc::of::<OrganisationChanged>(),
];

/// An organisation was made.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OrganisationCreated {
    /// The organisation.
    pub(crate) organisation_id: OrgId,
    /// Vendor or partner.
    pub(crate) kind: OrgKind,
}

impl Event for OrganisationCreated {
    const KIND: &'static str = "organisation.created";
    const TOPIC: Topic = Topic::Organisation;
}

/// The organisation's record was changed.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct OrganisationChanged {
    /// The organisation.
    pub(super) organisation_id: OrgId,
    /// The record's version now.
    pub(super) version: i64,
}

impl Event for OrganisationChanged {
    const KIND: &'static str = "organisation.changed";
    const TOPIC: Topic = Topic::Organisation;
}
