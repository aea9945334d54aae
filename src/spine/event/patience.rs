//! How long a reader of the log waits before it looks again.

use std::time::Duration;

/// The first wait for events that an older transaction holds back, doubled up to the longest.
const SHORTEST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(100);

/// Waits of one reader: `poll` when there is nothing to wait for, as commits wake it; short ones when committed events
/// are not final yet, as nothing tells when the older transaction ends.
#[derive(Debug)]
pub(super) struct Patience {
    poll: Duration,
    next: Duration,
}

impl Patience {
    pub(super) const fn new(poll: Duration) -> Self {
        Self { poll, next: SHORTEST }
    }

    /// Nothing is held back.
    pub(super) const fn end(&mut self) -> Duration {
        self.next = SHORTEST;
        self.poll
    }

    /// Something is held back, still.
    pub(super) fn grow(&mut self) -> Duration {
        let pause = self.next.min(self.poll);
        self.next = (self.next * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_begin_anew() {
        let mut patience = Patience::new(Duration::from_millis(500));
        let waits: Vec<u128> = (0..9).map(|_| patience.grow().as_millis()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 100, 100]);
        assert_eq!(patience.end(), Duration::from_millis(500));
        assert_eq!(patience.grow(), Duration::from_millis(1));
        let mut eager = Patience::new(Duration::from_millis(3));
        assert_eq!((0..3).map(|_| eager.grow().as_millis()).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
