//! The times that the sweeper looks after for one socket. Atomics, so that a sweep over all sockets takes no lock.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};

use chrono::{DateTime, Utc};

/// Seconds that a peer has to read a close frame and answer it before the connection is dropped.
const LINGER_SECONDS: u32 = 10;
/// [`Deadlines::drop_at`] of a socket that isn't closing, and of one that the sweeper hasn't seen closing yet.
const STAYS: u32 = u32::MAX;
const CLOSES: u32 = u32::MAX - 1;

/// In seconds on the hub's clock, but for the token's end.
#[derive(Debug)]
pub(super) struct Deadlines {
    heard: AtomicU32,
    next_ping: AtomicU32,
    drop_at: AtomicU32,
    /// Milliseconds since 1970.
    expires: AtomicI64,
}

impl Deadlines {
    pub(super) fn new(now: u32, first_ping: u32, expires_at: Option<DateTime<Utc>>) -> Self {
        Self {
            heard: AtomicU32::new(now),
            next_ping: AtomicU32::new(first_ping),
            drop_at: AtomicU32::new(STAYS),
            expires: AtomicI64::new(millis(expires_at)),
        }
    }

    /// The peer sent something.
    pub(super) fn heard(&self, now: u32) {
        self.heard.store(now, Relaxed);
    }

    /// The access token ends then; never without it.
    pub(super) fn expires(&self, at: Option<DateTime<Utc>>) {
        self.expires.store(millis(at), Relaxed);
    }

    /// The socket is closing.
    pub(super) fn closing(&self) {
        self.drop_at.fetch_min(CLOSES, Relaxed);
    }

    /// Whether nothing was heard at `since` or later.
    pub(super) fn is_silent(&self, since: u32) -> bool {
        self.heard.load(Relaxed) < since
    }

    /// Whether a closing socket has had its time, which begins when this is asked first.
    pub(super) fn is_to_be_dropped(&self, now: u32) -> bool {
        match self.drop_at.load(Relaxed) {
            STAYS => false,
            CLOSES => {
                self.drop_at.store(now.saturating_add(LINGER_SECONDS), Relaxed);
                false
            }
            at => at <= now,
        }
    }

    /// Whether the access token has ended at `unix_millis`.
    pub(super) fn is_expired(&self, unix_millis: i64) -> bool {
        self.expires.load(Relaxed) <= unix_millis
    }

    /// Whether a ping is due; the next one is due `every` seconds on.
    pub(super) fn is_ping_due(&self, now: u32, every: u32) -> bool {
        let due = self.next_ping.load(Relaxed) <= now;
        if due {
            self.next_ping.store(now.saturating_add(every), Relaxed);
        }
        due
    }
}

fn millis(at: Option<DateTime<Utc>>) -> i64 {
    at.map_or(i64::MAX, |at| at.timestamp_millis())
}
