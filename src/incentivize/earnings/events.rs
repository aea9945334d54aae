//! What becomes of earnings: to both sides, and to the person where a person is paid.

use chrono::NaiveDate;
use guildhall_kernel::{DealId, EarningId, OrgId, SaleId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Cause, Kind, Status};

/// A line right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EarningNow {
    /// The line.
    pub earning_id: EarningId,
    /// Who pays.
    pub vendor_id: OrgId,
    /// Who has earned it, or whose employee.
    pub partner_id: OrgId,
    /// What it is.
    pub kind: Kind,
    /// Why it came to be.
    pub cause: Cause,
    /// Where it stands.
    pub status: Status,
    /// How much, a decimal number; negative for what is taken back.
    pub amount: String,
    /// The currency of the amount (ISO 4217).
    pub currency: String,
    /// The plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// The sale that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// The deal that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<DealId>,
    /// The day that it counts for.
    pub earned_on: NaiveDate,
    /// Its version after the change.
    pub version: i64,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal $topic:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub EarningNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::$topic;
            }

            impl From<EarningNow> for $name {
                fn from(now: EarningNow) -> Self {
                    Self(now)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// Something was earned, or something earned was taken back.
    EarningAccrued = "earning.accrued" Earnings;
    /// An earning was approved, and rests until its day.
    EarningApproved = "earning.approved" Earnings;
    /// An earning waits for the next payout.
    EarningPayable = "earning.payable" Earnings;
    /// An earning is kept back.
    EarningHeld = "earning.held" Earnings;
    /// An earning is kept back no longer.
    EarningReleased = "earning.released" Earnings;
    /// The user has earned something in person, or it was taken back.
    RewardAccrued = "reward.accrued" Rewards;
    /// What the user has earned waits for the next payout.
    RewardPayable = "reward.payable" Rewards;
}
