//! The event log: every state change writes its event in its own transaction, and everything that reacts to a
//! change reads it from here, in one order that all readers agree on.

mod consumer;
mod log;
mod oversee;
mod patience;
mod position;
mod publish;
mod relay;
mod tail;
mod wake;

pub use consumer::{Consumer, ConsumerFault, run_consumer};
pub use log::{Feed, FeedStart, Recorded, maintain, more_than, read, read_feed, start_of_feed};
pub use oversee::{ConsumerStatus, DeadLetter, ReplayFault, dead_letters, forgive, replay, statuses};
pub use position::{Position, PositionFault};
pub use publish::{Batched, Event, EventDoc, Origin, Subject, Topic, append, append_all};
pub use relay::Relay;
pub use tail::{EventSink, tail};
pub use wake::Wake;
