//! The records behind path ids, area by area: each of a vendor and a partner that work together.

mod aside;
mod co_sell;
mod crm;
mod forms;
mod imports;
mod incentives;
mod leads;
mod payouts;
mod pipeline;
mod policy;
mod webhooks;

use super::world::Company;

/// Whose record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Vendor,
    Partner,
    Both,
}

/// A record: the collection in the address, its id, its owner.
pub(super) type Record = (&'static str, String, Owner);

pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let mut records = Vec::new();
    records.extend(forms::records(vendor, partner).await);
    records.extend(policy::records(vendor, partner).await);
    records.extend(leads::records(vendor, partner).await);
    records.extend(co_sell::records(vendor, partner).await);
    records.extend(pipeline::records(vendor, partner).await);
    records.extend(webhooks::records(vendor, partner).await);
    records.extend(crm::records(vendor, partner).await);
    records.extend(imports::records(vendor, partner).await);
    records.extend(incentives::records(vendor, partner).await);
    records.extend(aside::records(vendor, partner).await);
    records.extend(payouts::records(vendor, partner).await);
    records
}
