//! Services that pay over a network, one payout at a time.

use std::time::Duration;

use async_trait::async_trait;
use guildhall_kernel::Money;
use uuid::Uuid;

use crate::account::Destination;

pub mod stripe;

/// One payout to execute. Its id is the key by which it is paid once: an order that is sent again must be equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The payout. Written with hyphens, it is the idempotency key and the reference at the service.
    pub payout_id: Uuid,
    /// How much: positive, with no more decimals than the currency has.
    pub amount: Money,
    /// To whom.
    pub destination: Destination,
    /// What for, as the receiver may see it.
    pub description: String,
}

/// What is known after an attempt to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The service took the order.
    Done {
        /// How the service calls the payment.
        reference: String,
        /// Whether the money has moved, rather than being about to.
        settled: bool,
    },
    /// Certainly not paid, and sending the same order again will not help.
    Refused {
        /// The service's code for the reason, or ours.
        code: String,
        /// The reason in words, without secrets.
        message: String,
    },
    /// It may have been paid. Look it up, or send the equal order again: never another one.
    Unknown {
        /// What happened, without secrets.
        message: String,
    },
    /// Certainly not accepted yet: send the equal order again later.
    Later {
        /// How long to wait, if the service said it.
        retry_after: Option<Duration>,
        /// What happened, without secrets.
        message: String,
    },
}

/// A service that pays.
#[async_trait]
pub trait Transfers: Send + Sync {
    /// The service's name, for logs and records.
    fn name(&self) -> &'static str;

    /// Pays, once however often the equal order is sent.
    async fn send(&self, order: &Order) -> Sent;

    /// What an attempt whose outcome is unknown did. [`Sent::Later`] says that the service knows of no such payment:
    /// sending the equal order again is safe and pays it.
    async fn look_up(&self, order: &Order) -> Sent;
}
