//! What profiles announce; no numbers are in it.

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PayoutProfileId, UserId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::TaxStatus;
use crate::method::DestinationKind;

/// Where a company is paid was changed; told to it and to the vendors that pay it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayoutProfileChanged {
    /// The profile.
    pub(crate) payout_profile_id: PayoutProfileId,
    /// The company.
    pub(crate) partner_id: OrgId,
    /// Whether the destination is another.
    pub(crate) destination_changed: bool,
    /// What the destination is.
    pub(crate) method: DestinationKind,
    /// Nothing that is proposed before goes there.
    pub(crate) usable_from: DateTime<Utc>,
}

impl Event for PayoutProfileChanged {
    const KIND: &'static str = "payout_profile.changed";
    const TOPIC: Topic = Topic::Payouts;
}

/// Where the user is paid in person was changed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct RewardProfileChanged {
    /// The profile.
    pub(crate) payout_profile_id: PayoutProfileId,
    /// The person.
    pub(crate) user_id: UserId,
    /// Whether the destination is another.
    pub(crate) destination_changed: bool,
    /// What the destination is.
    pub(crate) method: DestinationKind,
    /// Nothing that is proposed before goes there.
    pub(crate) usable_from: DateTime<Utc>,
}

impl Event for RewardProfileChanged {
    const KIND: &'static str = "reward_profile.changed";
    const TOPIC: Topic = Topic::Rewards;
}

/// A vendor has recorded what it knows of a payee's tax form.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct TaxStatusRecorded {
    /// The profile.
    pub(crate) payout_profile_id: PayoutProfileId,
    /// The vendor.
    pub(crate) vendor_id: OrgId,
    /// What it knows.
    pub(crate) status: TaxStatus,
}

impl Event for TaxStatusRecorded {
    const KIND: &'static str = "payout_profile.tax_status_recorded";
    const TOPIC: Topic = Topic::Payouts;
}

/// An employer has said whether its people may be paid in person.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayeeConsentChanged {
    /// The employer.
    pub(crate) partner_id: OrgId,
    /// By this vendor; by all without.
    pub(crate) vendor_id: Option<OrgId>,
    /// Whether they may.
    pub(crate) given: bool,
}

impl Event for PayeeConsentChanged {
    const KIND: &'static str = "payee_consent.changed";
    const TOPIC: Topic = Topic::Payouts;
}

/// What the feature announces, for the documentation.
pub(crate) const EVENTS: &[EventDoc] = &[
    EventDoc::of::<PayoutProfileChanged>(),
    EventDoc::of::<RewardProfileChanged>(),
    EventDoc::of::<TaxStatusRecorded>(),
    EventDoc::of::<PayeeConsentChanged>(),
];
