//! What users of the crate rely on.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that can't go on should stop right there"
)]

mod naive;
mod sales;

mod agreement;
mod contributions;
mod expressions;
mod faults;
mod properties;
mod schema;
mod throughput;
mod worked_examples;
