//! What a change of an undecided deal sets going again: the clock, the conflict desk, the approval policy.

use guildhall_kernel::DealId;
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{db::Tx, event::Origin, http::Problem};

use super::found::Found;
use super::rows::{self, Locked, Written};
use super::{approvals, clock, desk, policy};

/// Takes the vendor's turn among approvals before the deal is locked: the change may end in one.
pub(super) async fn take_turn(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    let vendor = sqlx::query_scalar!("SELECT vendor_id FROM deal WHERE id = $1", deal.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    if let Some(vendor) = vendor {
        rows::take_turns(tx, vendor.into()).await?;
    }
    Ok(())
}

/// Goes on as with a new submission: what was voted on the deal as it was is void.
pub(super) async fn look_again(
    tx: &mut Tx,
    origin: &Origin,
    deal: &Locked,
    found: &Found,
    written: &Written,
) -> Result<(), Problem> {
    clock::resume(tx, deal.id).await?;
    found.store(tx, origin, written).await?;
    desk::on_conflict(tx, origin, (deal.vendor_id, deal.id), found).await?;
    let Some(partnership) = active_partnership(tx, deal.vendor_id, deal.partner_id).await? else {
        return Ok(());
    };
    let terms = policy::rows::of_deal(tx, deal.id).await?;
    approvals::void(tx, deal.id).await?;
    approvals::on_submit(tx, origin, deal.id, found, &terms, partnership.tier).await
}
