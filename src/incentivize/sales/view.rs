//! A sale as it is read.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId, ProductId, SaleId, SaleReversalId, UserId};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{DealType, Kind, ReversalKind, Role};

/// A sale that earnings are made of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sale {
    /// Its id.
    pub(crate) id: SaleId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Whose products.
    pub(crate) vendor_id: OrgId,
    /// The partner that sold. A partner isn't told of another.
    pub(crate) partner_id: Option<OrgId>,
    /// What it is.
    pub(crate) kind: Kind,
    /// The vendor's own number; the deal's id for a deal.
    #[schema(example = "INV-2026-1042")]
    pub(crate) reference: String,
    /// The deal that it is of.
    pub(crate) deal_id: Option<DealId>,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// The sum of the lines.
    #[schema(example = "3601.50")]
    pub(crate) amount: String,
    /// What of it has not been refunded or charged back.
    #[schema(example = "3601.50")]
    pub(crate) kept: String,
    /// The day that decides which plans and periods it counts in.
    pub(crate) sold_on: NaiveDate,
    /// When the customer paid.
    pub(crate) paid_on: Option<NaiveDate>,
    /// What kind of business it is.
    pub(crate) deal_type: DealType,
    /// The customer's country.
    pub(crate) country: Option<String>,
    /// What was done, for an activity.
    pub(crate) activity: Option<String>,
    /// The subscription that the invoice is of.
    pub(crate) subscription: Option<String>,
    /// How many months after the earliest invoice of the subscription it is.
    pub(crate) month: u32,
    /// What was sold, in order.
    pub(crate) lines: Vec<Line>,
    /// Who has what part in it. A partner sees its own.
    pub(crate) parties: Vec<SaleParty>,
    /// Refunds, chargebacks, and chargebacks that were won, in order.
    pub(crate) reversals: Vec<Reversal>,
    /// What else was told of it. For the vendor.
    #[schema(value_type = Object)]
    pub(crate) facts: Map<String, Value>,
    /// When it was recorded.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A line of a sale.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaleLine)]
pub(crate) struct Line {
    /// Its number in the sale, from 1.
    pub(crate) no: i16,
    /// The product of the catalogue.
    pub(crate) product_id: Option<ProductId>,
    /// The vendor's number of the product.
    pub(crate) sku: Option<String>,
    /// What it is.
    pub(crate) name: String,
    /// How many.
    #[schema(example = "3")]
    pub(crate) quantity: String,
    /// For how much together.
    #[schema(example = "3601.50")]
    pub(crate) amount: String,
    /// What of it has not been taken back.
    pub(crate) kept: String,
    /// What it cost the vendor. For the vendor.
    pub(crate) cost: Option<String>,
}

/// A part in a sale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SaleParty {
    /// The partner.
    pub(crate) partner_id: OrgId,
    /// What it did.
    pub(crate) role: Role,
    /// How much of the role is its.
    #[schema(example = "100")]
    pub(crate) percent: String,
    /// Its tier when the sale was recorded.
    pub(crate) tier: Option<String>,
    /// Who did it there.
    pub(crate) user_id: Option<UserId>,
}

/// A refund, a chargeback, or a chargeback that was won.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SaleReversal)]
pub(crate) struct Reversal {
    /// Its id.
    pub(crate) id: SaleReversalId,
    /// What happened.
    pub(crate) kind: ReversalKind,
    /// The vendor's own number.
    #[schema(example = "CN-2026-77")]
    pub(crate) reference: String,
    /// When.
    pub(crate) on: NaiveDate,
    /// How much.
    #[schema(example = "1200.50")]
    pub(crate) amount: String,
    /// For the vendor's books.
    pub(crate) note: Option<String>,
}
