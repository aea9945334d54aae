//! How money leaves: the numbers of accounts ([`account`]), the files that banks pay by ([`pain001`], [`nacha`]), the files
//! in which they say what became of it ([`status`]), and the services that pay over a network ([`provider`]).
//!
//! Knows nothing of ledgers, approvals or HTTP handlers. Takes the time as an argument and draws nothing at random: the
//! same input makes the same bytes. Every limit of a field is checked before the first byte is written.

pub mod account;
mod characters;
mod method;
pub mod nacha;
pub mod pain001;
pub mod provider;
pub mod status;

pub use account::{AccountFault, Bic, Destination, Iban, RoutingNumber, StripeAccountId, UsAccount, UsAccountKind};
pub use method::Method;
pub use provider::{Order, Sent, Transfers};
pub use status::{Outcome, Report};
