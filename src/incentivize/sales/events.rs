//! What becomes of sales, for the vendor: partners hear what they earn.

use guildhall_kernel::{DealId, OrgId, SaleId, SaleReversalId};
use guildhall_spine::event::{Batched, Event, EventDoc, Topic};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, ReversalKind};

/// A sale right after a change.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct SaleNow {
    /// The sale.
    pub sale_id: SaleId,
    /// Whose products.
    pub vendor_id: OrgId,
    /// The partner that sold.
    pub partner_id: OrgId,
    /// What it is.
    pub kind: Kind,
    /// The vendor's own number.
    pub reference: String,
    /// The deal that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<DealId>,
    /// What it is worth, a decimal number.
    pub amount: String,
    /// What of it was not taken back.
    pub kept: String,
    /// The currency of the amounts (ISO 4217).
    pub currency: String,
    /// Its version after the change.
    pub version: i64,
}

/// A sale of which something was taken back or came back.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReversedNow {
    /// The sale after it.
    #[serde(flatten)]
    pub sale: SaleNow,
    /// The refund or chargeback.
    pub reversal_id: SaleReversalId,
    /// What happened.
    pub reversal: ReversalKind,
    /// How much.
    pub reversed: String,
}

/// An invoice or an activity was recorded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SaleRecorded(pub SaleNow);

impl Event for SaleRecorded {
    const KIND: &'static str = "sale.recorded";
    const TOPIC: Topic = Topic::Earnings;
}

/// The customer paid an invoice.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SalePaid(pub SaleNow);

impl Event for SalePaid {
    const KIND: &'static str = "sale.paid";
    const TOPIC: Topic = Topic::Earnings;
}

/// Something of a sale was refunded or charged back, or a chargeback was won.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SaleReversed(pub ReversedNow);

impl Event for SaleReversed {
    const KIND: &'static str = "sale.reversed";
    const TOPIC: Topic = Topic::Earnings;
}

/// What the feature announces, for the documentation.
pub const EVENTS: &[EventDoc] = &[
    EventDoc::of::<SaleRecorded>(),
    EventDoc::of::<SalePaid>(),
    EventDoc::of::<SaleReversed>(),
];

/// A recorded sale, to be told to the vendor.
pub(super) fn told(vendor: OrgId, event: SaleRecorded) -> Batched<SaleRecorded> {
    Batched {
        subject: event.0.sale_id.into(),
        audiences: vec![vendor.uuid()],
        event,
    }
}
