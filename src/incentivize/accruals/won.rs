//! Deals that were won before anybody listened.

use guildhall_kernel::DealId;
use guildhall_spine::{db::Tx, http::Problem};

use super::settle::{Work, settle};
use crate::earnings::Cause;
use crate::sales::deals;

/// Makes sales of those of `deals` that are won and posts what they have earned, as part of `tx`, in the order of
/// `deals`: what the event `deal.won` does, for deals whose events are gone or were never told. What is posted already
/// isn't posted again. Returns how many lines were posted.
///
/// # Errors
/// When the database fails.
pub async fn settle_won(tx: &mut Tx, deals: &[DealId]) -> Result<usize, Problem> {
    let sales = deals::take_over(tx, deals).await?;
    let work: Vec<Work> = deals
        .iter()
        .filter_map(|deal| {
            Some(Work {
                sale: *sales.get(deal)?,
                cause: Cause::Sale,
                source: deal.uuid(),
            })
        })
        .collect();
    Ok(settle(tx, &work).await?.len())
}
