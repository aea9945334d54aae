use guildhall_kernel::FundReservationId;
use guildhall_spine::http::{Checks, Command, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedFund;
use super::release::check_reservation;
use super::view::FundReimbursement;
use super::{moves, rows};
use crate::adjustments::amount::positive;

/// Promised money to be given back to the partner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundReimbursementDraft)]
pub(super) struct Draft {
    /// The reservation, of this fund.
    reservation_id: FundReservationId,
    /// How much of it.
    #[schema(example = "1000.00")]
    amount: String,
    /// What the partner reads of it, 1 to 500 characters.
    #[serde(default)]
    #[schema(example = "Stand and travel, receipts 1 to 7")]
    note: Option<String>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 500, true);
        }
    }
}

/// Reimburse a partner out of a reservation
///
/// The partner has earned the amount, to be paid with the next payout. More than is left of the reservation answers 409
/// `fund_exhausted`.
#[utoipa::path(post, path = "/api/v1/incentives/funds/{id}/reimburse", operation_id = "reimburseFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(
        ("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"reservation_id": "mdfr_01kaqv6r3gf5ht2x0m8c9ezw4n", "amount": "1000.00",
        "note": "Stand and travel, receipts 1 to 7"})),
    responses((status = 200, description = "the earning, and the reservation after it", body = FundReimbursement)))]
pub(super) async fn reimburse_fund(
    ManagedFund { actor, vendor, id }: ManagedFund,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let (draft, mut command) = command.take();
    let (tx, reservation) = (&mut command.tx, draft.reservation_id);
    let fund = moves::hold(tx, vendor, id).await?;
    let mut checks = Checks::default();
    let amount = positive(&mut checks, "/amount", &draft.amount, fund.currency).unwrap_or_default();
    check_reservation(tx, &mut checks, &fund, reservation).await?;
    checks.done()?;
    let (origin, note) = (actor.origin(), draft.note.as_deref());
    let earning_id = moves::reimburse(tx, &origin, vendor, reservation, amount, note).await?;
    let reimbursed = FundReimbursement {
        earning_id,
        reservation: rows::reservation(tx, reservation, vendor).await?,
    };
    command.commit(Reply::ok(&reimbursed)?).await
}
