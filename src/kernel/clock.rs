//! Where the time comes from.

use std::sync::Arc;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use parking_lot::Mutex;

/// The source of the current time. Domain code asks it and never the operating system, so that a test can set
/// the hour. Clones share one clock.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The operating system's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until it is moved with [`Clock::advance`].
    #[must_use]
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// The current time in UTC, cut to the microseconds that PostgreSQL keeps.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Source::System => Utc::now().trunc_subsecs(6),
            Source::Manual(at) => *at.lock(),
        }
    }

    /// Moves a manual clock on; the system's clock is left alone.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(at) = &self.0 {
            *at.lock() += by;
        }
    }
}
