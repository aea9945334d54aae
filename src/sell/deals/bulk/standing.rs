//! What a program's terms mean for registrations that come many at once: approved ones are protected; what a partner
//! brings itself counts, has its clock and is routed like a registration that comes alone.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId, ProgramId};
use guildhall_onboard::api::{Tier, active_partnership, tiers_of};
use guildhall_spine::{access::OrgKind, db::Tx, event::Origin, http::Problem};

use super::{AddFault, BulkDeal, BulkSides, look::note};
use crate::deals::found::Found;
use crate::deals::policy::{self, Terms};
use crate::deals::state::DealStatus;
use crate::deals::{approvals, clock, desk, protection, quota, rows, stored};

/// How many more registrations `partner` may have open with each of these vendors, `None` for any number. A vendor without
/// an active partnership is left out.
///
/// # Errors
/// When the database fails.
pub async fn rooms(
    tx: &mut Tx,
    partner: OrgId,
    vendors: &BTreeSet<OrgId>,
) -> Result<HashMap<OrgId, Option<i64>>, Problem> {
    let mut rooms = HashMap::new();
    for vendor in vendors {
        let Some(partnership) = active_partnership(tx, *vendor, partner).await? else {
            continue;
        };
        let terms = policy::rows::terms(tx, partnership.program).await?;
        let room = match terms.open_registrations.of(partnership.tier) {
            None => None,
            Some(limit) => Some((i64::from(limit) - quota::open(tx, (*vendor, partner)).await?).max(0)),
        };
        rooms.insert(*vendor, room);
    }
    Ok(rooms)
}

/// Under which terms a partner registers with a vendor.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) program: ProgramId,
    tier: Tier,
    terms: Arc<Terms>,
}

/// The hours that a registration is stored with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deadlines {
    /// The end of the protection of an approved one.
    pub(super) protected_until: Option<DateTime<Utc>>,
    /// When the vendor has to have decided.
    pub(super) due_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// A vendor's own history asks nobody to decide in time.
    pub(super) fn deadlines(&self, now: DateTime<Utc>, by: OrgKind, status: DealStatus) -> Deadlines {
        let approved = status == DealStatus::Approved;
        let asked = by == OrgKind::Partner && status == DealStatus::Submitted;
        Deadlines {
            protected_until: approved.then(|| protection::ends(now, &self.terms, self.tier)),
            due_at: asked.then(|| clock::due_at(now, &self.terms)),
        }
    }
}

/// A stored registration.
pub(super) type Placed = (DealId, BulkSides, Deadlines);

/// The standings of those whose registrations come in, by vendor, partner and program.
#[derive(Debug, Default)]
pub(super) struct Standings(BTreeMap<Key, Standing>);

type Key = (OrgId, OrgId, ProgramId);

const fn key(sides: BulkSides) -> Key {
    (sides.vendor, sides.partner, sides.program)
}

/// When the protection of deals ends.
type Ends = Vec<(DealId, DateTime<Utc>)>;

impl Standings {
    /// Reads them. Where a submission may have to take its turn with the vendor it is taken, before anything is stored.
    pub(super) async fn of(tx: &mut Tx, by: OrgKind, deals: &[(BulkSides, BulkDeal)]) -> Result<Self, AddFault> {
        let keys: BTreeSet<Key> = deals.iter().map(|(sides, _)| key(*sides)).collect();
        match by {
            OrgKind::Vendor => Self::of_history(tx, keys).await,
            OrgKind::Partner => Self::of_registrations(tx, keys).await,
        }
    }

    /// A partner that has left meanwhile stands at the lowest tier.
    async fn of_history(tx: &mut Tx, keys: BTreeSet<Key>) -> Result<Self, AddFault> {
        let mut partners: BTreeMap<OrgId, Vec<OrgId>> = BTreeMap::new();
        let mut terms = HashMap::new();
        for (vendor, partner, program) in &keys {
            partners.entry(*vendor).or_default().push(*partner);
            if !terms.contains_key(program) {
                terms.insert(*program, Arc::new(policy::rows::terms(tx, *program).await?));
            }
        }
        let mut tiers = HashMap::new();
        for (vendor, partners) in partners {
            let found = tiers_of(tx, vendor, &partners).await?;
            tiers.extend(found.into_iter().map(|(partner, tier)| ((vendor, partner), tier)));
        }
        let standing = |(vendor, partner, program): Key| {
            let standing = Standing {
                program,
                tier: tiers.get(&(vendor, partner)).copied().unwrap_or(Tier::Registered),
                terms: terms.get(&program).cloned().unwrap_or_default(),
            };
            ((vendor, partner, program), standing)
        };
        Ok(Self(keys.into_iter().map(standing).collect()))
    }

    /// The program is the one that the partner stands in now, wherever it stood when its rows were looked at.
    async fn of_registrations(tx: &mut Tx, keys: BTreeSet<Key>) -> Result<Self, AddFault> {
        let mut standings = BTreeMap::new();
        for (vendor, partner, program) in keys {
            let partnership = active_partnership(tx, vendor, partner).await?;
            let partnership = partnership.ok_or(AddFault::NoPartnership)?;
            let terms = policy::rows::terms(tx, partnership.program).await?;
            if !terms.rules.is_empty() {
                rows::take_turns(tx, vendor).await?;
            }
            let standing = Standing {
                program: partnership.program,
                tier: partnership.tier,
                terms: Arc::new(terms),
            };
            standings.insert((vendor, partner, program), standing);
        }
        Ok(Self(standings))
    }

    /// The programs that registrations are stored in.
    pub(super) fn programs(&self) -> BTreeSet<ProgramId> {
        self.0.values().map(|standing| standing.program).collect()
    }

    pub(super) fn get(&self, sides: BulkSides) -> Option<&Standing> {
        self.0.get(&key(sides))
    }

    /// Sets the timers of stored registrations.
    pub(super) async fn watch(&self, tx: &mut Tx, placed: &[Placed]) -> Result<(), Problem> {
        let mut protected: HashMap<ProgramId, (&Terms, Ends)> = HashMap::new();
        let mut due = Vec::new();
        for (id, sides, deadlines) in placed {
            let Some(standing) = self.get(*sides) else { continue };
            if let Some(until) = deadlines.protected_until {
                let of_program = protected.entry(standing.program);
                let (_, ends) = of_program.or_insert_with(|| (&*standing.terms, Vec::new()));
                ends.push((*id, until));
            }
            due.extend(deadlines.due_at.map(|at| (*id, at)));
        }
        for (terms, ends) in protected.values() {
            protection::watch_all(tx, ends, terms).await?;
        }
        if !due.is_empty() {
            clock::start_all(tx, &due).await?;
        }
        Ok(())
    }

    /// Refuses registrations that were just stored when they are too many. Storing them has locked the standing that is
    /// counted by.
    pub(super) async fn refuse_excess(&self, tx: &mut Tx) -> Result<(), AddFault> {
        for ((vendor, partner, _), standing) in &self.0 {
            let Some(limit) = standing.terms.open_registrations.of(standing.tier) else {
                continue;
            };
            if quota::open(tx, (*vendor, *partner)).await? > i64::from(limit) {
                return Err(AddFault::Quota);
            }
        }
        Ok(())
    }

    /// Routes stored registrations where there are rules: each is looked at for conflicts, on which a rule may depend.
    pub(super) async fn send_round(&self, tx: &mut Tx, origin: &Origin, placed: &[Placed]) -> Result<(), Problem> {
        for (id, sides, _) in placed {
            let Some(standing) = self.get(*sides).filter(|standing| !standing.terms.rules.is_empty()) else {
                continue;
            };
            let Some(deal) = rows::lock_any(tx, *id).await? else {
                continue;
            };
            let claim = stored::claim(tx, &deal).await?;
            let found = Found::of(tx, &claim).await?;
            note(tx, origin, &deal, &found).await?;
            desk::on_conflict(tx, origin, (deal.vendor_id, deal.id), &found).await?;
            approvals::on_submit(tx, origin, deal.id, &found, &standing.terms, standing.tier).await?;
        }
        Ok(())
    }
}
