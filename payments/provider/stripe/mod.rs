//! Stripe: transfers to connected accounts (Connect), and the events that tell of them.
//!
//! Sources: Stripe's API reference (Transfers, Errors, Idempotent requests) and its guides "Currencies", "Error codes",
//! "Advanced error handling" and "Receive events in your webhook endpoint".

mod amount;
mod answer;
mod client;
mod webhook;

pub use amount::{AmountFault, minor_units};
pub use client::{API_VERSION, Settings, Stripe};
pub use webhook::{Event, TOLERANCE, WebhookFault, read_event, verify};
