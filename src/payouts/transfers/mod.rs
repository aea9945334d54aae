//! Payouts that a payment service makes one by one: Stripe.
//!
//! That a payout is being sent is committed before the service is called, under the payout's id as the idempotency key. What
//! became of an unanswered call is looked up, or the equal call is made again while the service keeps the key. After that, a
//! person finds out.

mod outcome;
mod queue;
mod receive;
mod worker;

use guildhall_spine::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use worker::Sender;

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(receive::receive_stripe_event))
}
