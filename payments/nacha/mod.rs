//! Credits through the Automated Clearing House of the United States, as a file for a bank, and the returns that come back.
//!
//! Source of the layout: NACHA Operating Rules, Appendix Three (ACH Record Format Specifications) for entries, Appendix
//! Four for returns. One file has one batch, of credits only (service class 220), to companies (`CCD`) or to people (`PPD`).

mod check;
mod layout;
mod order;
mod reasons;
mod returns;
mod writer;

pub use check::{Fault, Tally};
pub use order::{Class, Entry, File, company_name, identification, name};
pub use returns::read_returns;
pub use writer::{WriteFault, Writer, write};

pub(crate) use reasons::RETURN_REASONS;
