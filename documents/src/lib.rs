//! Financial documents as PDF: a partner's statement of earnings, and the self-billing invoice or credit note that a
//! vendor draws up in its partner's name.
//!
//! A document is a function of its input: the same input gives the same bytes, on every machine and at any time. Nothing is
//! read from the clock, and the dates and ids inside the file come from the input. The figures are checked before they
//! are drawn: what doesn't add up is refused ([`DocumentFault`]) rather than printed.
//!
//! The files conform to PDF/A-2a (ISO 19005-2) and PDF/UA-1 (ISO 14289-1): tagged, with their fonts embedded. The text is
//! set in Noto Sans, which covers Latin, Greek and Cyrillic; a character outside of it shows as U+FFFD and is
//! still the original character when it is copied, searched or read aloud.

mod face;
mod fault;
mod figures;
mod invoice;
mod masthead;
mod paper;
mod party;
mod pdf;
mod sheet;
mod statement;
mod table;
mod wrap;

pub use fault::DocumentFault;
pub use invoice::{Invoice, InvoiceKind, InvoiceLine, TaxCategory, TaxTotal, invoice};
pub use paper::Paper;
pub use party::Party;
pub use statement::{EarningGroup, Statement, StatementLine, StatementPayout, statement};
