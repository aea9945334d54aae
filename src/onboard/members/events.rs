//! What memberships publish, to the organisation and to the member.

use guildhall_kernel::{MembershipId, OrgId, UserId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

/// The events of members.
pub(super) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<MembershipAdded>(),
    EventDoc::of::<MembershipChanged>(),
    EventDoc::of::<MembershipRemoved>(),
];

/// Someone has become a member.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MembershipAdded {
    /// The membership.
    pub(super) membership_id: MembershipId,
    /// Where.
    pub(super) organisation_id: OrgId,
    /// Who.
    pub(super) user_id: UserId,
    /// The role.
    pub(super) role: &'static str,
}

impl Event for MembershipAdded {
    const KIND: &'static str = "membership.added";
    const TOPIC: Topic = Topic::Organisation;
}

/// A member has another role.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MembershipChanged {
    /// The membership.
    pub(super) membership_id: MembershipId,
    /// Where.
    pub(super) organisation_id: OrgId,
    /// Who.
    pub(super) user_id: UserId,
    /// The role now.
    pub(super) role: &'static str,
    /// The role before.
    pub(super) previous_role: &'static str,
}

impl Event for MembershipChanged {
    const KIND: &'static str = "membership.changed";
    const TOPIC: Topic = Topic::Organisation;
}

/// Someone is no member any more: what they see of the organisation ends now.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MembershipRemoved {
    /// The membership.
    pub(super) membership_id: MembershipId,
    /// Where.
    pub(super) organisation_id: OrgId,
    /// Who.
    pub(super) user_id: UserId,
}

impl Event for MembershipRemoved {
    const KIND: &'static str = "membership.removed";
    const TOPIC: Topic = Topic::Organisation;
}
