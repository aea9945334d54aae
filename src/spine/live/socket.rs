//! One socket as the rest of the server sees it: something to hand frames to that never waits.

use std::{collections::VecDeque, net::Shutdown, task::Poll};

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use parking_lot::{Mutex, MutexGuard};
use socket2::SockRef;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::{
    Close, Frame, LiveEvent, Viewer,
    deadlines::Deadlines,
    outbox::{Bounds, Flushed, Outbox, Pushed},
    protocol::{Authenticate, ServerFrame, Subscribe, SubscriptionId},
    subscriptions::{Offer, Subscriptions},
};

/// Requests of one client that wait for the database.
const MOST_WAITING: usize = 64;
/// A client's request that may need the database.
#[derive(Debug)]
pub(super) enum Request {
    Subscribe(Subscribe),
    Unsubscribe(SubscriptionId),
    Authenticate(Authenticate),
    /// The hub's own: access may have ended while the socket was opened.
    Renew,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Frames go out.
    Open,
    /// A close frame is the last to go out.
    Closing,
    /// The close handshake is done: over when the outbox is empty.
    Finished,
    /// Over.
    Dead,
}

#[derive(Debug)]
pub(super) struct State {
    phase: Phase,
    outbox: Outbox,
    pub(super) subscriptions: Subscriptions,
    pub(super) requests: VecDeque<Request>,
    pub(super) viewer: Viewer,
    /// Something waits for the outbox to have room.
    wants_room: bool,
}

/// One socket. The hub, the sweeper and the socket's own task share it; whoever has something to send writes to the
/// connection at once, and the task is woken only when the kernel didn't take all of it.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: Uuid,
    pub(super) wire: TcpStream,
    pub(super) waker: AtomicWaker,
    pub(super) deadlines: Deadlines,
    state: Mutex<State>,
}

/// What became of something offered to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    /// On its way.
    Yes,
    /// Not wanted, or the socket is closing.
    No,
    /// The socket reads too slowly and is closing now.
    TooSlow,
}

/// How a socket's connection stands after a flush.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drained {
    /// All is sent.
    Empty,
    /// The kernel takes no more now.
    Blocked,
    /// The socket is over.
    Over,
}

impl Socket {
    pub(super) fn new(id: Uuid, wire: TcpStream, viewer: Viewer, bounds: Bounds, now: u32, first_ping: u32) -> Self {
        let deadlines = Deadlines::new(now, first_ping, viewer.expires_at);
        let state = State {
            phase: Phase::Open,
            outbox: Outbox::new(bounds),
            subscriptions: Subscriptions::new(viewer.topics, bounds.frames, bounds.bytes),
            requests: VecDeque::new(),
            viewer,
            wants_room: false,
        };
        Self {
            id,
            wire,
            waker: AtomicWaker::new(),
            deadlines,
            state: Mutex::new(state),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Offers an event. Never waits.
    pub(super) fn offer(&self, event: &LiveEvent<'_>) -> Sent {
        let mut state = self.state.lock();
        if state.phase != Phase::Open || state.subscriptions.offer(event) == Offer::Skip {
            return Sent::No;
        }
        self.push(&mut state, event.frame.clone())
    }

    /// Sends a frame after all that waits.
    pub(super) fn send(&self, frame: Frame) -> Sent {
        self.push(&mut self.state.lock(), frame)
    }

    /// Sends a message of this socket alone.
    pub(super) fn tell(&self, message: &ServerFrame<'_>) -> Sent {
        match Frame::json(message) {
            Ok(frame) => self.send(frame),
            Err(error) => {
                tracing::error!(%error, "a live message didn't serialise");
                Sent::No
            }
        }
    }

    /// The same while the state is held.
    pub(super) fn push(&self, state: &mut State, frame: Frame) -> Sent {
        if state.phase != Phase::Open {
            return Sent::No;
        }
        match state.outbox.push(&self.wire, frame.into_bytes()) {
            Pushed::Sent => Sent::Yes,
            Pushed::Queued => {
                self.waker.wake();
                Sent::Yes
            }
            Pushed::Full => {
                self.begin_close(state, Close::TooSlow);
                Sent::TooSlow
            }
            Pushed::Broken => {
                state.phase = Phase::Dead;
                self.waker.wake();
                Sent::No
            }
        }
    }

    /// Sends what the protocol engine answered; after a `last` answer the connection ends.
    pub(super) fn answer(&self, bytes: Vec<u8>, last: bool) {
        let mut state = self.state.lock();
        if state.phase == Phase::Open && !bytes.is_empty() {
            let pushed = if last {
                state.outbox.replace(&self.wire, Bytes::from(bytes))
            } else {
                state.outbox.push(&self.wire, Bytes::from(bytes))
            };
            match pushed {
                Pushed::Full => self.begin_close(&mut state, Close::TooSlow),
                Pushed::Broken => state.phase = Phase::Dead,
                Pushed::Sent | Pushed::Queued => {}
            }
        }
        if last && state.phase != Phase::Dead {
            state.phase = Phase::Finished;
            self.deadlines.closing();
        }
    }

    /// Begins the close handshake; what waits is dropped. Returns false when the socket was closing already.
    pub(super) fn close(&self, close: Close) -> bool {
        let mut state = self.state.lock();
        let open = state.phase == Phase::Open;
        if open {
            self.begin_close(&mut state, close);
        }
        open
    }

    /// Drops the connection.
    pub(super) fn abort(&self) {
        self.state.lock().phase = Phase::Dead;
        self.waker.wake();
    }

    /// Keeps a request for the socket's work; false when too many wait.
    pub(super) fn request(&self, request: Request) -> bool {
        let mut state = self.state.lock();
        let fits = state.requests.len() < MOST_WAITING;
        if fits {
            state.requests.push_back(request);
        }
        fits
    }

    /// Writes what waits, as far as the kernel takes it.
    pub(super) fn flush(&self) -> Drained {
        let mut state = self.state.lock();
        if state.phase == Phase::Dead {
            return Drained::Over;
        }
        match state.outbox.flush(&self.wire) {
            Flushed::Empty if state.phase == Phase::Finished => Drained::Over,
            Flushed::Empty => Drained::Empty,
            Flushed::Blocked => Drained::Blocked,
            Flushed::Broken => Drained::Over,
        }
    }

    /// Whether there is something to flush, or the socket is over.
    pub(super) fn needs_flush(&self) -> bool {
        let state = self.state.lock();
        !state.outbox.is_empty() || matches!(state.phase, Phase::Finished | Phase::Dead)
    }

    /// Whether the client's messages are still listened to.
    pub(super) fn is_open(&self) -> bool {
        self.state.lock().phase == Phase::Open
    }

    /// Waits until a sender that can wait should send more; false when the socket is closing. Only for the socket's own
    /// task, which asks [`Socket::take_room`] after each flush and polls again.
    pub(super) async fn room(&self) -> bool {
        std::future::poll_fn(|_| {
            let mut state = self.state.lock();
            let open = state.phase == Phase::Open;
            state.wants_room = open && !state.outbox.has_room();
            if state.wants_room {
                Poll::Pending
            } else {
                Poll::Ready(open)
            }
        })
        .await
    }

    /// Whether [`Socket::room`] waited and would return now.
    pub(super) fn take_room(&self) -> bool {
        let mut state = self.state.lock();
        let go_on = state.wants_room && (state.phase != Phase::Open || state.outbox.has_room());
        state.wants_room &= !go_on;
        go_on
    }

    /// Tells the peer that nothing more comes, once all is sent.
    pub(super) fn half_close(&self) {
        if self.state.lock().outbox.is_empty() {
            // It fails when the peer is gone, which the next read shows.
            let _ = SockRef::from(&self.wire).shutdown(Shutdown::Write);
        }
    }

    /// Ends the connection, whoever still holds the socket.
    pub(super) fn hang_up(&self) {
        self.state.lock().phase = Phase::Dead;
        let _ = SockRef::from(&self.wire).shutdown(Shutdown::Both);
    }

    /// Takes a fresh token's viewer.
    pub(super) fn renew(&self, state: &mut State, viewer: Viewer) {
        self.deadlines.expires(viewer.expires_at);
        state.subscriptions.allow(viewer.topics);
        state.viewer = viewer;
    }

    fn begin_close(&self, state: &mut State, close: Close) {
        state.phase = match state.outbox.replace(&self.wire, Frame::close(close).into_bytes()) {
            Pushed::Broken => Phase::Dead,
            Pushed::Sent | Pushed::Queued | Pushed::Full => Phase::Closing,
        };
        state.requests.clear();
        self.deadlines.closing();
        self.waker.wake();
    }
}
