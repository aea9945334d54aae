//! The crate from outside: files against the published schemas, services against a stub, throughput.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that can't go on should stop right there"
)]

mod nacha;
mod schema;
mod status;
mod stripe;
