//! What invitations publish, to the organisation. The address invited isn't in it: the log outlives people's wishes
//! to be forgotten.

use guildhall_kernel::{InvitationId, OrgId, UserId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

/// The events of invitations.
pub(super) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<InvitationCreated>(),
    EventDoc::of::<InvitationRevoked>(),
    EventDoc::of::<InvitationAccepted>(),
];

/// Someone was invited.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InvitationCreated {
    /// The invitation.
    pub(super) invitation_id: InvitationId,
    /// Where to.
    pub(super) organisation_id: OrgId,
    /// The role offered.
    pub(super) role: &'static str,
}

impl Event for InvitationCreated {
    const KIND: &'static str = "invitation.created";
    const TOPIC: Topic = Topic::Organisation;
}

/// An invitation was taken back.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InvitationRevoked {
    /// The invitation.
    pub(super) invitation_id: InvitationId,
    /// Where to.
    pub(super) organisation_id: OrgId,
}

impl Event for InvitationRevoked {
    const KIND: &'static str = "invitation.revoked";
    const TOPIC: Topic = Topic::Organisation;
}

/// An invitation was accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct InvitationAccepted {
    /// The invitation.
    pub(super) invitation_id: InvitationId,
    /// Where to.
    pub(super) organisation_id: OrgId,
    /// By whom.
    pub(super) user_id: UserId,
}

impl Event for InvitationAccepted {
    const KIND: &'static str = "invitation.accepted";
    const TOPIC: Topic = Topic::Organisation;
}
