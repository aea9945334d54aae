//! What one socket is subscribed to, and which events it has been sent. Pure: no I/O, no clock.
//!
//! # The invariant
//! For each subscription, every matching event with a position in `(start, covered]` has been handed to the socket
//! exactly once, in order; no event is handed out twice because two subscriptions want it. `covered` moves on as
//! events are read from the log and, while the socket is live, as the hub offers them.
//!
//! # Joining without gap or duplicate
//! The hub publishes one event after another. `begun` is the position of the event it began last, `done` the last
//! one that it offered to all members; both, and the membership, change under one lock.
//! 1. A subscription becomes a member of its audience under that lock. An event it isn't offered lies at or below
//!    `begun`, where the log has it for every reader; an event above `begun` is offered.
//! 2. It wants the past, so the socket leaves the live stream (`Away`): what all its other subscriptions were offered up
//!    to `done` is covered; what is offered from now on is ignored, because the log has it.
//! 3. The socket is *held* at `H = begun`, again under the lock: offers above `H` wait in a queue.
//! 4. The log is read up to `H`; every subscription is covered up to `H`.
//! 5. The held events follow in order, and the socket is live.
//!
//! When the held queue overflows it is dropped and the socket is `Away` again: nothing is lost, because only what was
//! handed out counts as covered. It then reads to the log's end before it is held once more.

use std::collections::VecDeque;

use uuid::Uuid;

use super::{Frame, LiveEvent, TopicSet, protocol::SubscriptionId};
use crate::event::Position;

/// What a subscription selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) id: SubscriptionId,
    pub(super) audience: Uuid,
    /// The audience is the user: its events are for their eyes whatever their role.
    pub(super) own: bool,
    pub(super) topics: TopicSet,
    pub(super) subject: Option<Uuid>,
}

#[derive(Debug)]
struct Subscription {
    selection: Selection,
    start: Position,
    covered: Position,
}

impl Subscription {
    fn matches(&self, event: &LiveEvent<'_>, allowed: TopicSet) -> bool {
        let selection = &self.selection;
        (selection.own || allowed.meets(event.topics))
            && selection.topics.meets(event.topics)
            && selection.subject.is_none_or(|subject| event.subject == Some(subject))
            && event.audiences.contains(&selection.audience)
    }
}

#[derive(Debug)]
enum Mode {
    /// Offers go out at once.
    Live,
    /// Offers are ignored; the log is read. `at_end`: the last page was the log's last.
    Away { at_end: bool },
    /// Offers above `at` wait.
    Held {
        at: Position,
        queue: VecDeque<(Position, Frame)>,
        bytes: usize,
    },
}

/// What the hub does with an event it offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// Nothing: not wanted, or known already, or kept for later.
    Skip,
    /// Sends it.
    Send,
}

/// What a socket that isn't live needs next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To be held at the hub's position: [`Subscriptions::hold`].
    Hold,
    /// A page of the log after `after`, up to `until`: [`Subscriptions::replay`] for each event, then [`Subscriptions::page_end`].
    Read {
        audiences: Vec<Uuid>,
        after: Position,
        until: Option<Position>,
    },
    /// To send what was held: [`Subscriptions::release`].
    Release,
    /// Nothing, it is live.
    Live,
}

/// Where the hub stands: see the module's text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) begun: Position,
    pub(super) done: Position,
}

/// The subscriptions of one socket.
#[derive(Debug)]
pub(super) struct Subscriptions {
    all: Vec<Subscription>,
    allowed: TopicSet,
    /// The last event offered; the hub offers one twice when it has two audiences.
    cursor: Position,
    mode: Mode,
    held_frames: usize,
    held_bytes: usize,
}

impl Subscriptions {
    /// None yet; the socket subscriptions that keeps at most `held_frames` and `held_bytes` while it is held.
    pub(super) const fn new(allowed: TopicSet, held_frames: usize, held_bytes: usize) -> Self {
        Self {
            all: Vec::new(),
            allowed,
            cursor: Position::START,
            mode: Mode::Live,
            held_frames,
            held_bytes,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn has(&self, id: &SubscriptionId) -> bool {
        self.all.iter().any(|one| one.selection.id == *id)
    }

    /// Adds a subscription that gets all after `since`, or all after now. Call it under the hub's lock, the audience
    /// joined. Returns the position after which it follows.
    pub(super) fn attach(&mut self, selection: Selection, since: Option<Position>, hub: Standing) -> Position {
        let start = since.unwrap_or(hub.begun);
        if start < hub.begun {
            self.leave(hub.done);
        }
        self.all.reserve_exact(1);
        self.all.push(Subscription {
            selection,
            start,
            covered: start,
        });
        start
    }

    /// Ends a subscription. Returns its audience when no other one needs it any more; nothing when there was none.
    pub(super) fn detach(&mut self, id: &SubscriptionId) -> Option<Detached> {
        let at = self.all.iter().position(|one| one.selection.id == *id)?;
        let audience = self.all.remove(at).selection.audience;
        self.drop_held();
        let needed = self.all.iter().any(|one| one.selection.audience == audience);
        Some(Detached {
            unneeded: (!needed).then_some(audience),
        })
    }

    /// Narrows or widens what the socket may hear.
    pub(super) fn allow(&mut self, topics: TopicSet) {
        if self.allowed != topics {
            self.allowed = topics;
            self.drop_held();
        }
    }

    /// Every audience, once.
    pub(super) fn audiences(&self) -> Vec<Uuid> {
        let mut all: Vec<Uuid> = self.all.iter().map(|one| one.selection.audience).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Takes an event from the hub.
    pub(super) fn offer(&mut self, event: &LiveEvent<'_>) -> Offer {
        if event.position <= self.cursor {
            return Offer::Skip;
        }
        self.cursor = event.position;
        let due = self.is_due(event);
        let full = match &mut self.mode {
            Mode::Live => return if due { Offer::Send } else { Offer::Skip },
            Mode::Held { queue, bytes, .. } if due => {
                queue.push_back((event.position, event.frame.clone()));
                *bytes += event.frame.len();
                queue.len() > self.held_frames || *bytes > self.held_bytes
            }
            Mode::Away { .. } | Mode::Held { .. } => false,
        };
        if full {
            self.mode = Mode::Away { at_end: false };
        }
        Offer::Skip
    }

    /// What the socket needs next.
    pub(super) fn step(&self) -> Step {
        let after = self.all.iter().map(|one| one.covered).min();
        match (&self.mode, after) {
            (Mode::Live, _) => Step::Live,
            (Mode::Held { at, .. }, Some(after)) if after < *at => Step::Read {
                audiences: self.audiences(),
                after,
                until: Some(*at),
            },
            (Mode::Held { .. }, _) => Step::Release,
            (Mode::Away { at_end: false }, Some(after)) => Step::Read {
                audiences: self.audiences(),
                after,
                until: None,
            },
            (Mode::Away { .. }, _) => Step::Hold,
        }
    }

    /// Holds what is offered from here on. Call it under the hub's lock.
    pub(super) fn hold(&mut self, hub: Standing) {
        self.cursor = self.cursor.max(hub.begun);
        self.mode = Mode::Held {
            at: hub.begun,
            queue: VecDeque::new(),
            bytes: 0,
        };
    }

    /// Takes an event that was read from the log, and says whether to send it.
    pub(super) fn replay(&mut self, event: &LiveEvent<'_>) -> bool {
        let due = self.is_due(event);
        self.cover(event.position);
        due
    }

    /// A page was read and replayed: it held everything up to `through`; `last` when nothing follows.
    pub(super) fn page_end(&mut self, through: Option<Position>, last: bool) {
        if let Some(through) = through {
            self.cover(through);
        }
        if let Mode::Away { at_end } = &mut self.mode {
            *at_end = last;
        }
    }

    /// The next held event, to be sent; without one the socket is live.
    pub(super) fn release(&mut self) -> Option<Frame> {
        let Mode::Held { queue, bytes, .. } = &mut self.mode else {
            return None;
        };
        if let Some((position, frame)) = queue.pop_front() {
            *bytes = bytes.saturating_sub(frame.len());
            self.cover(position);
            return Some(frame);
        }
        self.mode = Mode::Live;
        None
    }

    fn leave(&mut self, done: Position) {
        if matches!(self.mode, Mode::Live) {
            self.cover(self.cursor.max(done));
            self.mode = Mode::Away { at_end: true };
        }
        self.drop_held();
    }

    /// What is held was chosen by subscriptions that have changed: it is read from the log instead.
    fn drop_held(&mut self) {
        if matches!(self.mode, Mode::Held { .. }) {
            self.mode = Mode::Away { at_end: true };
        }
    }

    fn cover(&mut self, position: Position) {
        for one in &mut self.all {
            one.covered = one.covered.max(position);
        }
    }

    /// Wanted by a subscription that hasn't had it, and not sent for the sake of another one.
    fn is_due(&self, event: &LiveEvent<'_>) -> bool {
        let mut due = false;
        for one in self.all.iter().filter(|one| one.matches(event, self.allowed)) {
            if event.position > one.covered {
                due = true;
            } else if event.position > one.start {
                return false;
            }
        }
        due
    }
}

/// A subscription that ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Detached {
    /// The audience that the socket has no more use for.
    pub(super) unneeded: Option<Uuid>,
}
