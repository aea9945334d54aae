//! Credit transfers as a file for a bank: ISO 20022 pain.001.001.09, customer credit transfer initiation.
//!
//! A file is written in two passes over the same transfers, so that none of them need be held in memory: [`Tally`] checks
//! and counts them, then [`Writer`], which needs the tally for the header, writes them. [`write()`] does both.
//!
//! ```
//! # use guildhall_payments::pain001::*;
//! # use guildhall_payments::Iban;
//! # use guildhall_kernel::{Currency, Money};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let debtor = Debtor { name: "Vendor GmbH".into(), iban: Iban::parse("DE89370400440532013000")?, bic: None, address: None };
//! let initiation = Initiation {
//!     message_id: "BATCH-17".into(),
//!     created_at: "2026-03-02T09:00:00Z".parse()?,
//!     initiator: "Vendor GmbH".into(),
//!     debtor,
//!     execution_date: "2026-03-03".parse()?,
//!     currency: Currency::EUR,
//!     service: Service::Sepa,
//!     batch_booking: true,
//!     category_purpose: None,
//! };
//! let transfer = Transfer {
//!     instruction_id: "17-1".into(),
//!     end_to_end_id: "payout-1".into(),
//!     amount: Money::new("125.50".parse()?, Currency::EUR),
//!     creditor: "Partner B.V.".into(),
//!     address: None,
//!     iban: Iban::parse("NL91ABNA0417164300")?,
//!     bic: None,
//!     remittance: "Commission 2026-02".into(),
//! };
//! let file = write(Vec::new(), &initiation, &[transfer])?;
//! assert!(String::from_utf8(file)?.contains("<CtrlSum>125.50</CtrlSum>"));
//! # Ok(()) }
//! ```

mod check;
mod fault;
mod order;
mod writer;

pub use check::Tally;
pub use fault::Fault;
pub use order::{Address, Debtor, Initiation, Service, Transfer};
pub use writer::{WriteFault, Writer, write};

/// The most transfers in one file. The schema allows 15 digits; banks and their systems allow far fewer.
pub const MOST_TRANSFERS: u64 = 100_000;
