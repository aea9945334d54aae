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

mod api_keys;
mod audit;
mod catalogue;
mod cli;
mod co_sell;
mod conflict_pairs;
mod conventions;
mod crash;
mod credit;
mod crm;
mod deals;
mod demo;
mod edges;
mod events;
mod exports;
mod forms;
mod identity;
mod imports;
mod incentives;
mod invitations;
mod leads;
mod live;
mod members;
mod nodes;
mod openapi;
mod pages;
mod partnerships;
mod passwords;
mod payouts;
mod pipeline;
mod policy;
mod readme;
mod registration;
mod second_factor;
mod sessions;
mod statements;
mod timers;
mod tokens;
mod webhooks;
