//! What vendors and partners do beside registering deals: products and prices, leads and who gets them, opportunities
//! that are shared. Told by the server's own functions, at the times at which it happened.

mod catalogue;
mod drafts;
mod leads;
mod program;
mod together;

use guildhall_spine::{App, db::Tx};

use super::{
    DemoFault,
    load::SEED,
    teller::{Teller, origin},
    world::{Partner, Vendor, World},
};

/// The vendors of which it is told, by their places, each with what becomes of its leads.
const TOLD: [(usize, &[leads::Fate]); 2] = [(0, leads::MANY), (1, leads::SOME)];

/// Tells of the first vendors and their partners; returns how many leads there are.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(tx: &mut Tx, app: &App, world: &World) -> Result<u64, DemoFault> {
    let mut teller = Teller::seeded(tx, SEED + 2, world.day);
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
    teller.end(app);
    Ok(told)
}

impl World {
    /// The vendor's active partners.
    pub(super) fn active<'w>(&'w self, vendor: &'w Vendor) -> impl Iterator<Item = &'w Partner> {
        vendor.active.iter().filter_map(|place| self.partners.get(*place))
    }
}
