//! Counts frames over many sockets and says when an expected number has arrived.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

use crate::Failure;

/// Shared by the receivers of one audience.
#[derive(Default)]
pub(crate) struct Tally {
    frames: AtomicU64,
    delivered: AtomicU64,
    bytes: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
}

impl Tally {
    /// Counts one frame of the given payload length, and says whether it is one of those that are expected.
    pub(crate) fn count(&self, length: usize, expected: bool) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        self.bytes
            .fetch_add(u64::try_from(length).unwrap_or_default(), Ordering::Relaxed);
        if !expected {
            return;
        }
        let frames = self.frames.fetch_add(1, Ordering::SeqCst) + 1;
        if frames == self.goal.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }

    /// Expects this many frames on top of all that were expected before.
    pub(crate) fn expect(&self, more: u64) {
        self.goal.fetch_add(more, Ordering::SeqCst);
    }

    /// Waits until every expected frame has arrived and answers when the last one did.
    pub(crate) async fn complete(&self, patience: Duration) -> Result<Instant, Failure> {
        let wait = async {
            while self.frames.load(Ordering::SeqCst) < self.goal.load(Ordering::SeqCst) {
                self.reached.notified().await;
            }
            Instant::now()
        };
        tokio::time::timeout(patience, wait).await.map_err(|_| {
            let (frames, goal) = (self.frames.load(Ordering::SeqCst), self.goal.load(Ordering::SeqCst));
            format!("{frames} of {goal} frames arrived within {patience:?}").into()
        })
    }

    /// Frames that arrived, expected or not.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::SeqCst)
    }

    /// The mean length of a frame's payload in bytes.
    pub(crate) fn mean_bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst) / self.delivered().max(1)
    }
}
