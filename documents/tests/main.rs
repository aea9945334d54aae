//! The documents as their readers meet them: read back from the bytes.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets what it didn't expect has failed"
)]

mod invoices;
mod reader;
mod sample;
mod statements;
