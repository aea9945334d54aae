//! What vendors and partners do beside registering deals: products and prices, leads and who gets them, opportunities
//! that are shared. Told by the server's own functions, at the times at which it happened.

mod catalogue;
mod drafts;
mod leads;
mod program;
mod together;

use chrono::{DateTime, Utc};
use guildhall_kernel::{Clock, Entropy, OrgId, UserId};
use guildhall_spine::{App, db::Tx, event::Origin};

use super::{
    DemoFault,
    draw::Draw,
    load::SEED,
    world::{Partner, Vendor, World},
};

/// The vendors of which it is told, by their places, each with what becomes of its leads.
const TOLD: [(usize, &[leads::Fate]); 2] = [(0, leads::MANY), (1, leads::SOME)];

/// Tells at times that it sets itself, with ids that are the same every time.
struct Teller<'t> {
    tx: &'t mut Tx,
    draw: Draw,
    clock: Clock,
    entropy: Entropy,
}

impl Teller<'_> {
    /// What follows happened at `at`.
    fn at(&mut self, at: DateTime<Utc>) {
        self.clock.advance(at - self.clock.now());
        self.tx.go_on_by(&self.clock, &self.entropy);
    }
}

/// Tells of the first vendors and their partners; returns how many leads there are.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(tx: &mut Tx, app: &App, world: &World) -> Result<u64, DemoFault> {
    let mut teller = Teller {
        tx,
        draw: Draw::seeded(SEED + 2),
        clock: Clock::manual(world.day),
        entropy: Entropy::seeded(SEED + 3),
    };
    let mut told = 0;
    for (place, fates) in TOLD {
        let Some(vendor) = world.vendors.get(place) else {
            continue;
        };
        catalogue::publish(&mut teller, world, vendor).await?;
        let form = program::set_up(&mut teller, world, vendor).await?;
        told += leads::live(&mut teller, world, vendor, form, fates).await?;
    }
    if let Some(vendor) = world.vendors.first() {
        together::work(&mut teller, world, vendor).await?;
    }
    teller.tx.go_on_by(&app.clock, &app.entropy);
    Ok(told)
}

fn origin(user: Option<UserId>, org: OrgId) -> Origin {
    Origin {
        user_id: user,
        organisation_id: Some(org),
        ..Origin::default()
    }
}

impl World {
    /// The vendor's active partners.
    fn active<'w>(&'w self, vendor: &'w Vendor) -> impl Iterator<Item = &'w Partner> {
        vendor.active.iter().filter_map(|place| self.partners.get(*place))
    }
}
