//! Objecting to a line, for other pillars.

use guildhall_kernel::{DisputeId, EarningId, OrgId};
use guildhall_spine::{db::Tx, event::Origin, http::Problem};
use rust_decimal::Decimal;

use super::events::{self, DisputeOpened};
use super::open::{Draft, insert, line};
use super::rows;
use super::sight::Sight;

/// Objects to a line of `partner` as part of `tx`, for the person of `origin`. `expected` is what it should have been, in
/// whole minor units.
///
/// # Errors
/// 422 for a line that isn't the partner's, 409 `dispute_open`.
pub async fn open(
    tx: &mut Tx,
    origin: &Origin,
    partner: OrgId,
    (earning, expected): (EarningId, Decimal),
    reason: &str,
) -> Result<DisputeId, Problem> {
    let sight = Sight {
        org: partner,
        only: None,
    };
    let draft = Draft {
        earning_id: earning,
        reason: reason.to_owned(),
        expected_amount: None,
    };
    let line = line(tx, earning, sight).await?;
    let id = insert(tx, &draft, &line, Some(expected), origin.user_id, partner).await?;
    let dispute = rows::again(tx, id, sight).await?;
    events::tell(tx, origin, &dispute, &DisputeOpened((&dispute).into())).await?;
    Ok(id)
}
