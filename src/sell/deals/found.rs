//! What a registration collides with, all told: other partners' registrations and the vendor's own accounts.

use std::time::Instant;

use guildhall_kernel::DealId;
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::conflict::Level;
use super::direct::{DirectRival, find_direct, store_direct};
use super::events::announce_conflicts;
use super::find_conflicts::{Claim, Rival, find_conflicts, gravest, store_conflicts};
use super::rows::Written;

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rivals: Vec<Rival>,
    pub(super) direct: Vec<DirectRival>,
}

impl Found {
    /// Looks for everything that `claim` collides with.
    pub(super) async fn of(tx: &mut Tx, claim: &Claim) -> Result<Self, sqlx::Error> {
        let began = Instant::now();
        let found = Self {
            rivals: find_conflicts(tx, claim).await?,
            direct: find_direct(tx, claim).await?,
        };
        metrics::histogram!("guildhall_conflict_search_seconds").record(began.elapsed().as_secs_f64());
        Ok(found)
    }

    /// The gravest level.
    pub(super) fn level(&self) -> Level {
        let direct = self.direct.iter().map(|rival| rival.score.level).max();
        gravest(&self.rivals).max(direct.unwrap_or(Level::None))
    }

    /// Stores it, and tells the vendor of conflicts with registrations that are new.
    pub(super) async fn store(&self, tx: &mut Tx, origin: &Origin, written: &Written) -> Result<(), Problem> {
        store_direct(tx, written.id, &self.direct).await?;
        if store_conflicts(tx, written.id, &self.rivals).await? > 0 {
            announce_conflicts(tx, origin, written, &self.rivals).await?;
        }
        Ok(())
    }

    /// The registrations that are likely of the same customer.
    pub(super) fn likely_deals(&self) -> Vec<DealId> {
        let likely = self.rivals.iter().filter(|rival| rival.score.level >= Level::Likely);
        likely.map(|rival| rival.deal).collect()
    }
}
