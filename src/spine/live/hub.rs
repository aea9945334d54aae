//! The hub: takes each event once and hands it to every socket that wants it.

use std::{sync::Arc, time::Instant};

use guildhall_kernel::{Clock, Entropy, Id};
use metrics::{Counter, Gauge, Histogram};
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{
    Frame, Gate, History, LiveEvent, Viewer,
    census::{Census, Full, Place},
    outbox::Bounds,
    protocol::SubscriptionId,
    recent::Recent,
    registry::Registry,
    socket::{Sent, Socket},
    subscriptions::{Selection, Standing},
};
use crate::{config::LiveConfig, event::Position};

/// Sockets that are served before other tasks get their turn.
const TURN: usize = 128;

/// Marks ids of sockets, which stand in `hello` and in the log.
#[derive(Debug)]
pub enum Connection {}

impl guildhall_kernel::Entity for Connection {
    const PREFIX: &'static str = "con";
    const EXAMPLE: &'static str = "con_01kaqv6r3gf5ht2x0m8c9ezw4n";
}

/// What a hub is made of.
pub struct HubParts {
    /// The settings.
    pub config: LiveConfig,
    /// The time tokens expire by.
    pub clock: Clock,
    /// Where ids come from.
    pub entropy: Entropy,
    /// Who may hear what.
    pub gate: Arc<dyn Gate>,
    /// The past.
    pub history: Arc<dyn History>,
    /// Everything up to here was published before.
    pub position: Position,
}

/// The sockets of this node and what they are subscribed to.
pub struct Hub {
    pub(super) config: LiveConfig,
    pub(super) clock: Clock,
    entropy: Entropy,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) history: Arc<dyn History>,
    pub(super) catch_ups: Semaphore,
    pub(super) census: Census,
    pub(super) recent: Mutex<Recent>,
    registry: Mutex<Registry<Socket>>,
    epoch: Instant,
    pub(super) meters: Meters,
}

pub(super) struct Meters {
    pub(super) sockets: Gauge,
    frames: Counter,
    pub(super) slow: Counter,
    pub(super) lag: Histogram,
}

impl Meters {
    fn new() -> Self {
        Self {
            sockets: metrics::gauge!("guildhall_live_sockets"),
            frames: metrics::counter!("guildhall_live_frames_total"),
            slow: metrics::counter!("guildhall_live_slow_closes_total"),
            lag: metrics::histogram!("guildhall_live_commit_to_frame_seconds"),
        }
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub")
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// A hub without sockets. Make it after the metrics recorder is installed.
    #[must_use]
    pub fn new(parts: HubParts) -> Arc<Self> {
        Arc::new(Self {
            census: Census::new(parts.config.max_sockets, parts.config.max_sockets_per_user),
            catch_ups: Semaphore::new(parts.config.concurrent_catch_ups),
            config: parts.config,
            clock: parts.clock,
            entropy: parts.entropy,
            gate: parts.gate,
            history: parts.history,
            recent: Mutex::default(),
            registry: Mutex::new(Registry::new(parts.position)),
            epoch: Instant::now(),
            meters: Meters::new(),
        })
    }

    /// The last event that was begun.
    #[must_use]
    pub fn position(&self) -> Position {
        self.registry.lock().standing().begun
    }

    /// Sockets open now.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.census.len()
    }

    /// Hands `event` to every socket that wants it, and returns to how many. One caller at a time, in the order of the
    /// log, each call driven to its end. Never waits for a client.
    pub async fn publish(&self, event: &LiveEvent<'_>) -> usize {
        let groups = self.registry.lock().begin(event.position, event.audiences);
        let (mut sent, mut offered) = (0, 0_usize);
        for socket in groups.iter().flat_map(|group| group.iter()) {
            match socket.offer(event) {
                Sent::Yes => sent += 1,
                Sent::No => {}
                Sent::TooSlow => self.meters.slow.increment(1),
            }
            offered += 1;
            if offered.is_multiple_of(TURN) {
                tokio::task::yield_now().await;
            }
        }
        self.registry.lock().finish(event.position);
        self.meters.frames.increment(u64::try_from(sent).unwrap_or(u64::MAX));
        sent
    }

    /// A place for one more socket of `owner`, to be taken before the handshake is answered.
    ///
    /// # Errors
    /// [`Full`] when the node or the owner has as many as it may, or the server is stopping.
    pub fn admit(self: &Arc<Self>, owner: Uuid) -> Result<Place, Full> {
        self.census.admit(owner)?;
        Ok(Place::new(Arc::clone(self), owner))
    }

    /// Seconds since the hub was made.
    pub(super) fn seconds(&self) -> u32 {
        u32::try_from(self.epoch.elapsed().as_secs()).unwrap_or(u32::MAX)
    }

    pub(super) fn millis(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) fn heartbeat(&self) -> u32 {
        u32::try_from(self.config.heartbeat_seconds).unwrap_or(u32::MAX)
    }

    pub(super) fn open(&self, wire: tokio::net::TcpStream, viewer: Viewer) -> Arc<Socket> {
        let id = Id::<Connection>::generate(&self.clock, &self.entropy);
        let bounds = Bounds {
            frames: self.config.queue_frames,
            bytes: self.config.queue_bytes,
        };
        let now = self.seconds();
        // Spread over the heartbeat, so that sockets that came together aren't pinged together.
        let spread = u32::from_le_bytes(self.entropy.bytes()) % self.heartbeat().max(1);
        let first_ping = now.saturating_add(spread).saturating_add(1);
        let socket = Arc::new(Socket::new(id.uuid(), wire, viewer, bounds, now, first_ping));
        self.census.enter(&socket);
        self.meters.sockets.increment(1.0);
        socket
    }

    /// The name of `socket` for people.
    pub(super) fn connection_id(socket: &Socket) -> String {
        Id::<Connection>::from(socket.id).to_string()
    }

    pub(super) fn forget(&self, socket: &Socket) {
        let audiences = socket.state().subscriptions.audiences();
        let mut registry = self.registry.lock();
        for audience in audiences {
            registry.leave(audience, socket.id);
        }
        drop(registry);
        self.census.leave(socket.id);
        self.meters.sockets.decrement(1.0);
    }

    /// Begins a subscription; `confirm` makes the answer from the position after which it follows.
    pub(super) fn attach(
        &self,
        socket: &Arc<Socket>,
        selection: Selection,
        since: Option<Position>,
        confirm: impl FnOnce(Position) -> Option<Frame>,
    ) {
        let mut registry = self.registry.lock();
        registry.join(selection.audience, socket.id, socket);
        let standing = registry.standing();
        let mut state = socket.state();
        let start = state.subscriptions.attach(selection, since, standing);
        if let Some(frame) = confirm(start) {
            socket.push(&mut state, frame);
        }
    }

    /// Ends a subscription; false when there is none of that name.
    pub(super) fn detach(&self, socket: &Socket, id: &SubscriptionId) -> bool {
        let mut registry = self.registry.lock();
        let Some(detached) = socket.state().subscriptions.detach(id) else {
            return false;
        };
        if let Some(audience) = detached.unneeded {
            registry.leave(audience, socket.id);
        }
        true
    }

    pub(super) fn hold(&self, socket: &Socket) {
        let registry = self.registry.lock();
        let standing: Standing = registry.standing();
        socket.state().subscriptions.hold(standing);
    }
}
