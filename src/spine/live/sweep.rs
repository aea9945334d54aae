//! One sweeper for all sockets: heartbeats, silence, expired tokens, revoked access, and the end.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use super::{
    Close, Frame, Hub, Viewer,
    protocol::{Lost, Revoked, ServerFrame},
};

/// Sockets that are looked at before other tasks get their turn.
const TURN: usize = 512;
/// Sockets that are closed at once when the server stops.
const DRAIN_BATCH: usize = 100;
/// The longest pause between two such batches: 2 000 clients a second come back to the other nodes.
const DRAIN_PAUSE: Duration = Duration::from_millis(50);

/// Whose access ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// One session's.
    Session(Uuid),
    /// All of a user's, or an API key's.
    Owner(Uuid),
    /// A user's in one organisation.
    Member {
        /// The user.
        user: Uuid,
        /// The organisation.
        organisation: Uuid,
    },
    /// Everyone's in one organisation.
    Organisation(Uuid),
}

impl Access {
    /// Whether `viewer`'s access is meant.
    #[must_use]
    pub fn covers(self, viewer: &Viewer) -> bool {
        match self {
            Self::Session(session) => viewer.session == Some(session),
            Self::Owner(owner) => viewer.owner == owner,
            Self::Member { user, organisation } => {
                viewer.user == Some(user) && viewer.organisation == Some(organisation)
            }
            Self::Organisation(organisation) => viewer.organisation == Some(organisation),
        }
    }
}

impl Hub {
    /// Looks after all sockets once a second until `stop` resolves.
    pub async fn run_sweeper(self: Arc<Self>, stop: impl Future<Output = ()>) {
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                _ = ticks.tick() => self.sweep(self.seconds()).await,
            }
        }
    }

    /// Looks after all sockets at `now`, seconds on the hub's clock.
    pub(super) async fn sweep(&self, now: u32) {
        let ping = Frame::ping();
        let heartbeat = self.heartbeat();
        // 60 s at the default heartbeat of 25 s: two pings went unanswered.
        let silent_since = now.saturating_sub(heartbeat.saturating_mul(2).saturating_add(10));
        let unix_millis = self.clock.now().timestamp_millis();
        for (place, socket) in self.census.members().iter().enumerate() {
            if socket.deadlines.is_to_be_dropped(now) || socket.deadlines.is_silent(silent_since) {
                socket.abort();
            } else if socket.deadlines.is_expired(unix_millis) {
                socket.close(Close::TokenExpired);
            } else if socket.deadlines.is_ping_due(now, heartbeat) {
                socket.send(ping.clone());
            }
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Ends the sockets of those who lost access, after telling them why (`reason` is a stable code). Returns how many.
    pub fn revoke(&self, access: Access, reason: &'static str) -> usize {
        let revoked = ServerFrame::Revoked(Revoked {
            what: Lost::Session,
            reason,
        });
        // Before the sockets are looked at: one that comes meanwhile finds the note.
        self.recent.lock().note(access, self.seconds());
        self.census
            .members()
            .iter()
            .filter(|socket| access.covers(&socket.state().viewer))
            .filter(|socket| {
                socket.tell(&revoked);
                socket.close(Close::Revoked)
            })
            .count()
    }

    /// Closes every socket with 1012, 2 000 a second so that the clients don't come back all at once, or faster when
    /// half of `within` wouldn't do, and drops those that are left when `within` has passed.
    pub async fn drain(&self, within: Duration) {
        self.census.stop();
        let end = Instant::now() + within;
        let members = self.census.members();
        let batches = u32::try_from(members.len().div_ceil(DRAIN_BATCH))
            .unwrap_or(u32::MAX)
            .max(1);
        for batch in members.chunks(DRAIN_BATCH) {
            for socket in batch {
                socket.close(Close::Restart);
            }
            if batches > 1 {
                sleep(DRAIN_PAUSE.min(within / 2 / batches)).await;
            }
        }
        drop(members);
        if timeout(end.saturating_duration_since(Instant::now()), self.census.empty())
            .await
            .is_err()
        {
            for socket in self.census.members().iter() {
                socket.abort();
            }
            self.census.empty().await;
        }
    }
}
