//! How many registrations a partner may have open with a vendor: what is over it is a fault of its row.

use std::collections::{BTreeSet, HashMap};

use guildhall_kernel::OrgId;
use guildhall_sell::api::registration_rooms;
use guildhall_spine::{db::Tx, http::Problem};

use super::{
    kind::{Claim, Fault, Job, Ready},
    stage,
};

/// What became of rows, each with the vendor that it registers with.
#[derive(Default)]
pub(super) struct Placed {
    /// Rows that there is room for.
    pub(super) good: Vec<Ready>,
    /// Rows that there is none for.
    pub(super) faults: Vec<Fault>,
    /// Rows whose vendor the partner doesn't work with at present.
    pub(super) strangers: Vec<i64>,
}

/// Gives rows their places, in order. A row that takes one claims it from its vendor, so that rows which are only kept
/// aside count for those that follow.
pub(super) async fn place(tx: &mut Tx, job: &Job, rows: Vec<(Ready, OrgId)>) -> Result<Placed, Problem> {
    let vendors: BTreeSet<OrgId> = rows.iter().map(|(_, vendor)| *vendor).collect();
    let rooms = registration_rooms(tx, job.org, &vendors).await?;
    let limited: Vec<String> = rooms
        .iter()
        .filter(|(_, room)| room.is_some())
        .map(|(vendor, _)| vendor.to_string())
        .collect();
    let mut taken: HashMap<String, i64> = stage::claimed(tx, job, &limited).await?;
    let mut placed = Placed::default();
    for (mut ready, vendor) in rows {
        let Some(room) = rooms.get(&vendor) else {
            placed.strangers.push(ready.no);
            continue;
        };
        let Some(room) = *room else {
            placed.good.push(ready);
            continue;
        };
        let taken = taken.entry(vendor.to_string()).or_default();
        if *taken >= room {
            placed.faults.push(excess(ready.no));
            continue;
        }
        *taken += 1;
        ready.claim = Some(Claim {
            key: vendor.to_string(),
            holder: vendor.to_string(),
        });
        placed.good.push(ready);
    }
    Ok(placed)
}

fn excess(no: i64) -> Fault {
    Fault {
        no,
        field: None,
        code: "registration_quota_reached".to_owned(),
        message: "the program's terms allow no more open registrations: close or withdraw one first".to_owned(),
    }
}
