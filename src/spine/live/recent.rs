//! Access that ended a moment ago.

use std::collections::VecDeque;

use super::{Access, Viewer};

/// Seconds for which an ending is remembered: longer than a handshake takes, and than a standing is believed.
const REMEMBERED: u32 = 60;
const MOST: usize = 4096;

/// Endings of the last minute. A socket that was let in just before its access ended comes to the hub after the
/// ending went by; it is asked for again then.
#[derive(Debug, Default)]
pub(super) struct Recent {
    endings: VecDeque<(u32, Access)>,
    /// Until then endings were forgotten for want of room, so anyone's may have been among them.
    forgotten_until: u32,
}

impl Recent {
    pub(super) fn note(&mut self, access: Access, now: u32) {
        while self
            .endings
            .front()
            .is_some_and(|(at, _)| at.saturating_add(REMEMBERED) < now)
        {
            self.endings.pop_front();
        }
        if self.endings.len() >= MOST
            && let Some((at, _)) = self.endings.pop_front()
        {
            self.forgotten_until = at.saturating_add(REMEMBERED);
        }
        self.endings.push_back((now, access));
    }

    /// Whether `viewer`'s access may have ended in the last minute.
    pub(super) fn concerns(&self, viewer: &Viewer, now: u32) -> bool {
        let lately = |(at, access): &(u32, Access)| at.saturating_add(REMEMBERED) >= now && access.covers(viewer);
        now <= self.forgotten_until && self.forgotten_until > 0 || self.endings.iter().any(lately)
    }
}
