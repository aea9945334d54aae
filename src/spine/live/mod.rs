//! Live delivery: WebSockets that hear of events as they are committed.
//!
//! One event is encoded once ([`Frame`]) and written by the [`Hub`] straight to each socket's connection; no task is
//! woken and nothing is copied unless the kernel has no room. What doesn't fit waits in a bounded queue of that socket
//! alone, and a socket that overflows it is closed ([`Close::TooSlow`]): the hub waits for nobody. How a socket joins
//! the stream from a place in the past, without gap or duplicate, stands in `subscriptions`.

mod census;
mod channel;
mod close;
mod connection;
mod deadlines;
mod engine;
mod frame;
mod gate;
mod handshake;
mod hub;
mod limiter;
mod open;
mod outbox;
mod parse;
mod past;
mod poll;
pub mod protocol;
mod recent;
mod registry;
mod socket;
mod subscriptions;
mod sweep;
mod ticket;
mod topics;
mod viewer;
mod work;

#[cfg(test)]
mod tests;

use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub use census::{Full, Place};
pub use channel::{Channel, ChannelFault};
pub use close::Close;
pub use frame::Frame;
pub use gate::{TokenGate, Watchable};
pub use handshake::{Handshake, HandshakeFault};
pub use hub::{Connection, Hub, HubParts};
pub use parse::parse;
pub use past::{LogHistory, announce};
pub use sweep::Access;
pub use topics::{TopicSet, reserved};
pub use viewer::{Denied, Gate, History, Interest, PastEvent, Unreadable, Viewer};

use crate::App;

/// The operations.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(open::open_socket))
        .routes(routes!(ticket::create_ticket))
        .routes(routes!(poll::list_events))
}

/// An event on its way to the sockets.
#[derive(Clone, Copy, Debug)]
pub struct LiveEvent<'a> {
    /// Its place in the log.
    pub position: crate::event::Position,
    /// The organisations and users that hear of it.
    pub audiences: &'a [Uuid],
    /// Its topic.
    pub topics: TopicSet,
    /// What it happened to.
    pub subject: Option<Uuid>,
    /// The encoded event, the same for all.
    pub frame: &'a Frame,
}
