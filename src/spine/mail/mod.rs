//! Mail: letters are queued in the transaction that causes them and sent by a worker on any node, at least once.

mod letter;
mod outbox;
mod transport;
mod worker;

pub use letter::{Letter, Rendered, render};
pub use outbox::queue;
pub use transport::{MailFault, MailTransport};
pub use worker::run_mailer;
