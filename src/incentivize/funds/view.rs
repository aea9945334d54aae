//! Funds as they are read.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{EarningId, FundId, FundReservationId, OrgId};
use serde::Serialize;
use utoipa::ToSchema;

/// A fund. What is in it, a vendor sees for all partners together and a partner for itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Fund {
    /// Its id.
    pub(crate) id: FundId,
    /// Rises when the vendor changes the fund or it expires, not with its money; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Whose money.
    pub(crate) vendor_id: OrgId,
    /// What it is called.
    #[schema(example = "EMEA launch, 2026 Q4")]
    pub(crate) name: String,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// The first day of its period.
    pub(crate) from: NaiveDate,
    /// The last day of its period. After it, what isn't reserved returns to the budget.
    pub(crate) to: NaiveDate,
    /// When that happened.
    pub(crate) expired_at: Option<DateTime<Utc>>,
    /// All the money of the fund. For the vendor.
    #[schema(example = "50000.00")]
    pub(crate) budget: Option<String>,
    /// What of it no partner has. For the vendor.
    #[schema(example = "30000.00")]
    pub(crate) unallocated: Option<String>,
    /// What may be asked for.
    #[schema(example = "15000.00")]
    pub(crate) available: String,
    /// What is promised.
    #[schema(example = "4000.00")]
    pub(crate) reserved: String,
    /// What was given back.
    #[schema(example = "1000.00")]
    pub(crate) reimbursed: String,
    /// When it was set up.
    pub(crate) created_at: DateTime<Utc>,
    /// When the vendor last changed it.
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a partner has of a fund.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FundBalance {
    /// The fund.
    pub(crate) fund_id: FundId,
    /// The partner.
    pub(crate) partner_id: OrgId,
    /// The currency of the amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// What it may ask for.
    #[schema(example = "15000.00")]
    pub(crate) available: String,
    /// What it is promised.
    #[schema(example = "4000.00")]
    pub(crate) reserved: String,
    /// What it was given back.
    #[schema(example = "1000.00")]
    pub(crate) reimbursed: String,
}

/// Money promised to a partner.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct FundReservation {
    /// Its id.
    pub(crate) id: FundReservationId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// The fund.
    pub(crate) fund_id: FundId,
    /// Whose money.
    pub(crate) vendor_id: OrgId,
    /// To whom it is promised.
    pub(crate) partner_id: OrgId,
    /// What for.
    #[schema(example = "Trade fair in Hanover")]
    pub(crate) purpose: String,
    /// The currency of the amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// How much was promised.
    #[schema(example = "5000.00")]
    pub(crate) amount: String,
    /// What of it is not needed any more.
    #[schema(example = "0.00")]
    pub(crate) released: String,
    /// What of it was given back.
    #[schema(example = "1000.00")]
    pub(crate) reimbursed: String,
    /// What of it is still promised.
    #[schema(example = "4000.00")]
    pub(crate) left: String,
    /// When it was promised.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// What a reimbursement brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FundReimbursement {
    /// The earning that is paid out.
    pub(crate) earning_id: EarningId,
    /// The reservation after it.
    pub(crate) reservation: FundReservation,
}
