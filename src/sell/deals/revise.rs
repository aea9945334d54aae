//! What another system may change of an approved deal.

use chrono::NaiveDate;
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{self, Checks, Problem},
};
use rust_decimal::Decimal;

use super::events::{DealChanged, DealFacts, announce};
use super::rows;
use super::state::DealStatus;

/// What is to be changed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revision {
    /// The amount in the deal's currency, whatever the sum of the lines.
    pub amount: Option<Decimal>,
    /// When the customer is expected to buy.
    pub expected_close: Option<NaiveDate>,
}

/// Changes an approved deal of `vendor` as part of `tx`, whatever its version. Returns whether anything changed.
///
/// # Errors
/// 404 if the vendor has no such deal; 409 `illegal_move` unless it is approved; 422 for an amount that the currency
/// doesn't have.
pub async fn revise(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    id: DealId,
    revision: &Revision,
) -> Result<bool, Problem> {
    let deal = rows::lock(tx, id, vendor).await?.ok_or_else(Problem::not_found)?;
    if deal.status != DealStatus::Approved {
        let detail = format!("The deal is {}.", deal.status);
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail));
    }
    let currency = rows::currency(tx, id).await?;
    if let Some(amount) = revision.amount {
        let mut checks = Checks::default();
        checks.money("/amount", &amount.normalize().to_string(), currency);
        checks.done()?;
    }
    let Some((written, changed)) = rows::revise(tx, &deal, revision).await? else {
        return Ok(false);
    };
    let facts = DealFacts {
        changed,
        ..written.facts()
    };
    announce::<DealChanged>(tx, origin, facts).await?;
    Ok(true)
}
