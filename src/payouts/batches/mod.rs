//! Batches of payouts: proposed by one person, approved by another, executed as approved, reconciled with the bank.

mod access;
mod approve;
mod cancel;
mod digest;
pub(crate) mod events;
mod execute;
mod execution;
mod file;
mod gather;
mod get;
mod list;
mod nacha;
mod pain001;
pub(crate) mod payees;
mod propose;
mod remove;
pub(crate) mod rows;
mod rules;
mod skipped;
mod store;
pub(crate) mod told;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{OrgId, PayoutBatchId, UserId};
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
        .routes(routes!(list::list_payout_batches, propose::propose_payout_batch))
        .routes(routes!(get::get_payout_batch))
        .routes(routes!(skipped::list_skipped_payees))
        .routes(routes!(approve::approve_payout_batch))
        .routes(routes!(cancel::cancel_payout_batch))
        .routes(routes!(remove::remove_payout))
        .routes(routes!(execute::execute_payout_batch))
        .routes(routes!(file::get_payout_file))
}

named! {
    /// Where a batch is in its life.
    BatchStatus {
        /// Waits for another person's approval.
        Proposed = "proposed",
        /// May be executed as it is.
        Approved = "approved",
        /// Is being sent, one payout after another.
        Executing = "executing",
        /// Is sent, and not all of it is known to have arrived.
        Executed = "executed",
        /// What became of each payout is known.
        Reconciled = "reconciled",
        /// Will not be paid.
        Cancelled = "cancelled",
    }
}

named! {
    /// Why somebody who is owed money isn't paid by a batch.
    SkipReason {
        /// The lines sum to nothing or less: they are carried to the next batch.
        NotPositive = "not_positive",
        /// The sum is below the vendor's or the payee's minimum: it is carried to the next batch.
        BelowMinimum = "below_minimum",
        /// The payee hasn't said where to pay.
        NoProfile = "no_profile",
        /// The payee is paid by another method.
        OtherMethod = "other_method",
        /// The payee is paid in another currency.
        OtherCurrency = "other_currency",
        /// The destination is new and rests.
        CoolingOff = "cooling_off",
        /// The payee's country needs a tax form that isn't there.
        TaxFormMissing = "tax_form_missing",
        /// The partnership, or the company, isn't active.
        NotActive = "not_active",
        /// The employer doesn't let its people be paid in person.
        NoConsent = "no_consent",
    }
}

/// A batch of payouts.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PayoutBatch {
    /// Its id.
    pub(crate) id: PayoutBatchId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Who pays.
    pub(crate) vendor_id: OrgId,
    /// The currency of all its payouts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// How it is paid.
    pub(crate) method: PayMethod,
    /// The day on which the bank is to pay.
    pub(crate) execution_date: NaiveDate,
    /// A note of who proposed it.
    pub(crate) note: Option<String>,
    /// Where it is in its life.
    pub(crate) status: BatchStatus,
    /// How many payouts it has, without those that were removed.
    #[schema(example = 2)]
    pub(crate) payouts: i32,
    /// How many payees were left out: `GET …/skipped` says who and why.
    #[schema(example = 1)]
    pub(crate) skipped: i32,
    /// What is owed.
    #[schema(example = "1250.00")]
    pub(crate) gross: Decimal,
    /// What is kept for the tax office.
    #[schema(example = "0.00")]
    pub(crate) withheld: Decimal,
    /// What is kept for the cost of paying.
    #[schema(example = "0.00")]
    pub(crate) fees: Decimal,
    /// What is paid.
    #[schema(example = "1250.00")]
    pub(crate) net: Decimal,
    /// Who proposed it.
    pub(crate) proposed_by: UserId,
    /// Who approved it, which is somebody else.
    pub(crate) approved_by: Option<UserId>,
    /// When it was approved.
    pub(crate) approved_at: Option<DateTime<Utc>>,
    /// Who had it sent.
    pub(crate) executed_by: Option<UserId>,
    /// When it was sent.
    pub(crate) executed_at: Option<DateTime<Utc>>,
    /// When it was proposed.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

impl PayoutBatch {
    /// With the decimals of its currency.
    fn shown(mut self) -> Self {
        for amount in [&mut self.gross, &mut self.withheld, &mut self.fees, &mut self.net] {
            *amount = shown(*amount, &self.currency);
        }
        self
    }
}
