//! Payouts: one payee's part of a batch, and what becomes of it.

pub(crate) mod announce;
pub(crate) mod apply;
mod events;
mod get;
pub(crate) mod legs;
mod lines;
mod list;
mod mine;
mod resolve;
mod rows;
pub(crate) mod rules;
mod settle;

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, PayoutBatchId, PayoutId, UserId};
use guildhall_spine::App;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::method::{PayMethod, named, shown};
pub(crate) use events::EVENTS;

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_payouts))
        .routes(routes!(mine::list_my_payouts))
        .routes(routes!(get::get_payout))
        .routes(routes!(lines::list_payout_lines))
        .routes(routes!(settle::settle_payout))
        .routes(routes!(resolve::resolve_payout))
}

named! {
    /// Where a payout is in its life.
    PayoutStatus {
        /// Its batch waits for approval.
        Proposed = "proposed",
        /// Its batch is approved.
        Approved = "approved",
        /// The payment service is being asked.
        Sending = "sending",
        /// Sent, and not known to have arrived.
        Sent = "sent",
        /// Paid.
        Paid = "paid",
        /// Not paid: what it was for is owed again.
        Failed = "failed",
        /// Came back: what it was for is owed again.
        Returned = "returned",
        /// Waits for a person to find out and say what became of it.
        Stopped = "stopped",
        /// Removed, or its batch was cancelled.
        Cancelled = "cancelled",
    }
}

/// A payout.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Payout {
    /// Its id. Banks know it by the part after `pay_`.
    pub(crate) id: PayoutId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
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
    /// How it is paid.
    pub(crate) method: PayMethod,
    /// Where it goes, as far as it is shown.
    #[schema(example = "DE** **** 3000")]
    pub(crate) destination: String,
    /// The currency (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// What is owed: the sum of its lines.
    #[schema(example = "1250.00")]
    pub(crate) gross: Decimal,
    /// What is kept for the tax office.
    #[schema(example = "0.00")]
    pub(crate) withheld: Decimal,
    /// The percentage of it.
    #[schema(example = "0")]
    pub(crate) withholding_percent: Decimal,
    /// What is kept for the cost of paying.
    #[schema(example = "0.00")]
    pub(crate) fees: Decimal,
    /// What is paid.
    #[schema(example = "1250.00")]
    pub(crate) net: Decimal,
    /// How many lines it has.
    #[schema(example = 3)]
    pub(crate) lines: i32,
    /// The number of the invoice that the vendor writes for the partner, where it does.
    #[schema(example = "SB-2026-000001")]
    pub(crate) self_billing_no: Option<String>,
    /// The number of the credit note that takes the invoice back, where it was drawn and the payout did not arrive.
    #[schema(example = "SC-2026-000001")]
    pub(crate) credit_note_no: Option<String>,
    /// The value added tax of that invoice, in percent.
    pub(crate) vat_percent: Option<Decimal>,
    /// Why it failed, came back or was stopped, as a code: the bank's, the service's or ours.
    #[schema(example = "AC04")]
    pub(crate) reason_code: Option<String>,
    /// The same in words.
    pub(crate) reason: Option<String>,
    /// What the bank or the service calls it.
    pub(crate) reference: Option<String>,
    /// When it was sent.
    pub(crate) sent_at: Option<DateTime<Utc>>,
    /// When it was known to have arrived.
    pub(crate) settled_at: Option<DateTime<Utc>>,
    /// When it was proposed.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

impl Payout {
    /// With the decimals of its currency.
    fn shown(mut self) -> Self {
        for amount in [&mut self.gross, &mut self.withheld, &mut self.fees, &mut self.net] {
            *amount = shown(*amount, &self.currency);
        }
        self.withholding_percent = self.withholding_percent.normalize();
        self.vat_percent = self.vat_percent.map(|percent| percent.normalize());
        self
    }
}
