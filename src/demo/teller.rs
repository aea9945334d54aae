//! Telling of the past by the server's own functions.

use chrono::{DateTime, Utc};
use guildhall_kernel::{Clock, Entropy, OrgId, UserId};
use guildhall_spine::{App, db::Tx, event::Origin};

use super::draw::Draw;

/// Tells at times that it sets itself, with ids that are the same every time.
pub(super) struct Teller<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) draw: Draw,
    clock: Clock,
    entropy: Entropy,
}

impl<'t> Teller<'t> {
    /// Begins on `day`; `seed` and the number after it aren't used elsewhere.
    pub(super) fn seeded(tx: &'t mut Tx, seed: u64, day: DateTime<Utc>) -> Self {
        Self {
            tx,
            draw: Draw::seeded(seed),
            clock: Clock::manual(day),
            entropy: Entropy::seeded(seed + 1),
        }
    }

    /// What follows happened at `at`.
    pub(super) fn at(&mut self, at: DateTime<Utc>) {
        self.clock.advance(at - self.clock.now());
        self.tx.go_on_by(&self.clock, &self.entropy);
    }

    /// Leaves the transaction to the present.
    pub(super) fn end(self, app: &App) {
        self.tx.go_on_by(&app.clock, &app.entropy);
    }
}

/// Somebody acts for a company.
pub(super) fn origin(user: Option<UserId>, org: OrgId) -> Origin {
    Origin {
        user_id: user,
        organisation_id: Some(org),
        ..Origin::default()
    }
}
