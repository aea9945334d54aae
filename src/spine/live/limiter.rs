//! How fast a client may send.

/// Thousandths of a token, so that a slow trickle counts.
const TOKEN: u64 = 1000;

/// A token bucket: `burst` at once, `per_second` in the long run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    level: u64,
    at_millis: u64,
    per_second: u64,
    burst: u64,
}

impl Limiter {
    /// A full bucket.
    pub(super) const fn new(per_second: u64, burst: u64) -> Self {
        Self {
            level: burst * TOKEN,
            at_millis: 0,
            per_second,
            burst,
        }
    }

    /// Takes `tokens` at `millis`, a monotonic time; false when there aren't as many.
    pub(super) fn take(&mut self, tokens: u64, millis: u64) -> bool {
        let passed = millis.saturating_sub(self.at_millis);
        self.at_millis = self.at_millis.max(millis);
        let filled = self
            .level
            .saturating_add(passed.saturating_mul(self.per_second))
            .min(self.burst * TOKEN);
        let cost = tokens.saturating_mul(TOKEN);
        self.level = filled.saturating_sub(cost);
        filled >= cost
    }
}
