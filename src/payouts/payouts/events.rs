//! What payouts announce: to vendor and partner, and to the person who is paid.

use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId, UserId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::PayoutStatus;
use super::rules::Word;

/// A payout right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayoutNow {
    /// The payout.
    pub(crate) payout_id: PayoutId,
    /// Its batch.
    pub(crate) payout_batch_id: PayoutBatchId,
    /// Who pays.
    pub(crate) vendor_id: OrgId,
    /// Whom the vendor owes.
    pub(crate) partner_id: OrgId,
    /// The person, where a person is paid.
    pub(crate) user_id: Option<UserId>,
    /// Where it is in its life.
    pub(crate) status: PayoutStatus,
    /// The currency (ISO 4217).
    pub(crate) currency: String,
    /// What is owed.
    #[schemars(with = "String")]
    pub(crate) gross: Decimal,
    /// What is paid.
    #[schemars(with = "String")]
    pub(crate) net: Decimal,
    /// Why it failed, came back or was stopped, as a code.
    pub(crate) reason_code: Option<String>,
    /// The same in words.
    pub(crate) reason: Option<String>,
    /// Its version after the change.
    pub(crate) version: i64,
}

/// A bank or a service has said of a payout what can't be after what was said before, or of another amount: nothing was
/// changed, and a person should look. To the vendor alone.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayoutContradicted {
    /// The payout, as it is and stays.
    #[serde(flatten)]
    pub(crate) payout: PayoutNow,
    /// What was said.
    pub(crate) said: Word,
    /// Why, as a code.
    pub(crate) said_code: Option<String>,
    /// The same in words.
    pub(crate) said_reason: Option<String>,
    /// What the bank or the service calls it.
    pub(crate) said_reference: Option<String>,
}

impl Event for PayoutContradicted {
    const KIND: &'static str = "payout.contradicted";
    const TOPIC: Topic = Topic::Payouts;
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal $topic:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub(crate) struct $name(pub(crate) PayoutNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::$topic;
            }
        )*

        /// What the feature announces, for the documentation.
        pub(crate) const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)* EventDoc::of::<PayoutContradicted>()];
    };
}

events! {
    /// A payout was sent.
    PayoutSent = "payout.sent" Payouts;
    /// A payout has arrived.
    PayoutPaid = "payout.paid" Payouts;
    /// A payout was not paid: what it was for is owed again.
    PayoutFailed = "payout.failed" Payouts;
    /// A payout came back: what it was for is owed again.
    PayoutReturned = "payout.returned" Payouts;
    /// A payout waits for a person; to the vendor alone.
    PayoutStopped = "payout.stopped" Payouts;
    /// What the user earned in person was sent.
    RewardSent = "reward.sent" Rewards;
    /// What the user earned in person has arrived.
    RewardPaid = "reward.paid" Rewards;
    /// What the user earned in person was not paid: it is owed again.
    RewardFailed = "reward.failed" Rewards;
    /// What the user earned in person came back: it is owed again.
    RewardReturned = "reward.returned" Rewards;
}
