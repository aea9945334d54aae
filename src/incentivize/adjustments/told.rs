//! An adjustment in one step, for other pillars.

use std::collections::BTreeSet;

use guildhall_kernel::{AdjustmentId, Currency, OrgId, UserId};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use rust_decimal::Decimal;

use super::approve::post;
use super::{Proposal, Status, events, propose, rows};
use crate::ledger;

/// What is put right, for a partner of the vendor.
#[derive(Clone, Copy, Debug)]
pub struct Correction<'a> {
    /// Whose books it is in.
    pub vendor: OrgId,
    /// Who gets it.
    pub partner: OrgId,
    /// Of the amount.
    pub currency: Currency,
    /// Not 0, in whole minor units; negative for what is taken back.
    pub amount: Decimal,
    /// Why, for the partner too.
    pub reason: &'a str,
}

/// Proposes an adjustment as part of `tx` for `maker`.
///
/// # Errors
/// When the database fails.
pub async fn make(tx: &mut Tx, correction: &Correction<'_>, maker: UserId) -> Result<AdjustmentId, Problem> {
    let proposal = Proposal {
        vendor: correction.vendor,
        partner: correction.partner,
        user: None,
        currency: correction.currency,
        amount: correction.amount,
        reason: correction.reason,
        earning: None,
    };
    propose(tx, &origin(correction.vendor, maker), &proposal, maker).await
}

/// Approves an adjustment of the vendor and posts its line, as part of `tx`, for `by`.
///
/// # Errors
/// 404 when the vendor has no such adjustment, 409 `maker_is_approver`, and `illegal_move` once it is decided.
pub async fn approve(tx: &mut Tx, vendor: OrgId, id: AdjustmentId, by: UserId) -> Result<(), Problem> {
    ledger::lock(tx, &BTreeSet::from([vendor])).await?;
    let adjustment = rows::lock(tx, vendor, id).await?;
    adjustment.open_to(by, Status::Approved)?;
    let posted = post(tx, &adjustment, by).await?;
    let approved = rows::decide(tx, &adjustment, Status::Approved, by, None, Some(posted)).await?;
    events::tell(tx, &origin(vendor, by), &approved).await
}

fn origin(vendor: OrgId, by: UserId) -> Origin {
    Origin {
        user_id: Some(by),
        organisation_id: Some(vendor),
        ..Origin::default()
    }
}
