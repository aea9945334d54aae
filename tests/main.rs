//! Black-box tests: the whole server on real PostgreSQL and Redis, driven over HTTP and WebSocket.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that can't go on should stop right there"
)]

mod support;

mod audit;
mod cli;
mod conventions;
mod crash;
mod deals;
mod events;
mod identity;
mod live;
mod nodes;
mod openapi;
mod readme;
