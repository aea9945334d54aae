//! What becomes of funds: of the fund for the vendor, of a partner's part for both sides.

use chrono::NaiveDate;
use guildhall_kernel::{EarningId, FundId, FundReservationId, OrgId};
use guildhall_spine::event::{Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::Serialize;

/// A fund right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FundNow {
    /// The fund.
    pub fund_id: FundId,
    /// Whose money.
    pub vendor_id: OrgId,
    /// What it is called.
    pub name: String,
    /// The currency of the budget (ISO 4217).
    pub currency: String,
    /// All the money of the fund, a decimal number.
    pub budget: String,
    /// The first day of its period.
    pub from: NaiveDate,
    /// The last day of its period.
    pub to: NaiveDate,
    /// Its version after the change.
    pub version: i64,
}

/// What a partner has of a fund right after money moved.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FundMoved {
    /// The fund.
    pub fund_id: FundId,
    /// Whose money.
    pub vendor_id: OrgId,
    /// The partner.
    pub partner_id: OrgId,
    /// What the fund is called.
    pub name: String,
    /// The reservation that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<FundReservationId>,
    /// The earning that is paid out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earning_id: Option<EarningId>,
    /// How much moved, a decimal number; negative for an allocation that was taken back.
    pub amount: String,
    /// The currency of the amounts (ISO 4217).
    pub currency: String,
    /// What the partner may ask for.
    pub available: String,
    /// What it is promised.
    pub reserved: String,
    /// What it was given back.
    pub reimbursed: String,
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

            impl From<$payload> for $name {
                fn from(now: $payload) -> Self {
                    Self(now)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// A fund was set up.
    FundCreated(FundNow) = "fund.created";
    /// The name or the budget of a fund was changed.
    FundChanged(FundNow) = "fund.changed";
    /// The period of a fund is over.
    FundExpired(FundNow) = "fund.expired";
    /// A partner may ask for more, or for less.
    FundAllocated(FundMoved) = "fund.allocated";
    /// Money was promised to a partner.
    FundReserved(FundMoved) = "fund.reserved";
    /// Promised money isn't needed.
    FundReleased(FundMoved) = "fund.released";
    /// A partner gets money back.
    FundReimbursed(FundMoved) = "fund.reimbursed";
    /// What a partner hadn't asked for returned to the budget when the period was over.
    FundReturned(FundMoved) = "fund.returned";
}
