//! The signal that something was committed.

use tokio::sync::watch;

/// Wakes this process's readers of the log. Signals that come together are one.
#[derive(Debug)]
pub struct Wake {
    any: watch::Sender<u64>,
    here: watch::Sender<u64>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            any: watch::Sender::new(0),
            here: watch::Sender::new(0),
        }
    }
}

fn next(count: &mut u64) {
    *count = count.wrapping_add(1);
}

impl Wake {
    /// An event was committed by this process.
    pub fn committed(&self) {
        self.any.send_modify(next);
        self.here.send_modify(next);
    }

    /// An event was committed by another node.
    pub fn heard(&self) {
        self.any.send_modify(next);
    }

    /// Changes at each commit, here or elsewhere, from now on.
    #[must_use]
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.any.subscribe()
    }

    /// Changes at each commit of this process, from now on.
    #[must_use]
    pub fn listen_here(&self) -> watch::Receiver<u64> {
        self.here.subscribe()
    }
}
