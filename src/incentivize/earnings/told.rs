//! Moving lines, for other pillars.

use std::collections::BTreeSet;

use guildhall_kernel::{EarningId, OrgId};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use uuid::Uuid;

use super::moves::{Move, shift};
use crate::ledger;

/// Approves lines of the vendor as part of `tx`, all or none, for the person of `origin`. `roots` correct no others; what
/// corrects them goes along. Returns how many lines were moved.
///
/// # Errors
/// 404 for a line that the vendor hasn't, 409 `earning_elsewhere` for one that doesn't wait for approval.
pub async fn approve(tx: &mut Tx, origin: &Origin, vendor: OrgId, roots: &[EarningId]) -> Result<usize, Problem> {
    step(tx, origin, vendor, roots, &Move::Approve(origin.user_id)).await
}

/// Keeps lines of the vendor back like [`approve`]; the partner reads the reason.
///
/// # Errors
/// 404 for a line that the vendor hasn't, 409 `earning_elsewhere` for one that is in a payout.
pub async fn hold(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    roots: &[EarningId],
    reason: &str,
) -> Result<usize, Problem> {
    step(tx, origin, vendor, roots, &Move::Hold(reason.to_owned())).await
}

async fn step(tx: &mut Tx, origin: &Origin, vendor: OrgId, roots: &[EarningId], step: &Move) -> Result<usize, Problem> {
    ledger::lock(tx, &BTreeSet::from([vendor])).await?;
    let roots: Vec<Uuid> = roots.iter().map(|id| id.uuid()).collect();
    shift(tx, origin, vendor, &roots, step).await
}
