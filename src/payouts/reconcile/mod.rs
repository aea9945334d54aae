//! Reading back what banks say became of payouts.

mod rounds;
mod rows;
mod take_in;
pub(crate) mod told;
mod upload;

use guildhall_kernel::PayoutId;
use guildhall_payments::status::Kind;
use guildhall_spine::App;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::method::named;
use crate::payouts::PayoutStatus;
pub(crate) use take_in::told;

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload::send_payout_status_file))
}

named! {
    /// Which file of a bank it is.
    StatusFileKind {
        /// ISO 20022 pain.002, customer payment status report.
        Pain002 = "pain002",
        /// ISO 20022 camt.054, debit credit notification.
        Camt054 = "camt054",
        /// ISO 20022 camt.053, statement.
        Camt053 = "camt053",
        /// A NACHA file of returns.
        NachaReturns = "nacha_returns",
    }
}

impl From<Kind> for StatusFileKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Pain002 => Self::Pain002,
            Kind::Camt054 => Self::Camt054,
            Kind::Camt053 => Self::Camt053,
            Kind::NachaReturns => Self::NachaReturns,
        }
    }
}

/// A payout of which a file says what can't be after what was said before.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct StatusClash {
    /// The payout.
    payout_id: PayoutId,
    /// Where it is in its life, and stays.
    status: PayoutStatus,
}

/// An entry of a file that needs a person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct UnclearEntry {
    /// Its line in the file, from 1; 0 where it stands for the file.
    #[schema(example = 17)]
    line: usize,
    /// The payment that it names.
    end_to_end_id: Option<String>,
    /// What is unclear.
    what: String,
}

/// What a file of a bank has brought.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub(crate) struct StatusFileResult {
    /// Which file it is.
    kind: Option<StatusFileKind>,
    /// The bank's id of it.
    #[schema(example = "ANSWER-1")]
    message_id: String,
    /// Whether it was taken in before, so that nothing was done now: this is what it brought then.
    repeated: bool,
    /// Payouts that the bank has taken and not paid yet.
    #[schema(example = 0)]
    accepted: usize,
    /// Payouts that have arrived.
    #[schema(example = 12)]
    paid: usize,
    /// Payouts that were not paid.
    #[schema(example = 1)]
    failed: usize,
    /// Payouts that came back.
    #[schema(example = 0)]
    returned: usize,
    /// Payouts that wait for a person: another amount than ours.
    #[schema(example = 0)]
    stopped: usize,
    /// Payouts of which it says what was known.
    #[schema(example = 0)]
    unchanged: usize,
    /// How many payments it names that are none of the vendor's payouts.
    #[schema(example = 0)]
    unknown_count: usize,
    /// The first 1000 of them.
    unknown: Vec<String>,
    /// How many times it says what can't be after what was said before; nothing was done.
    #[serde(default)]
    #[schema(example = 0)]
    clash_count: usize,
    /// The first 1000 of them.
    clashes: Vec<StatusClash>,
    /// How many entries need a person.
    #[serde(default)]
    #[schema(example = 0)]
    unclear_count: usize,
    /// The first 1000 of them.
    unclear: Vec<UnclearEntry>,
}
