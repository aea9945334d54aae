use guildhall_kernel::OrgId;
use guildhall_spine::http::{Checks, Command, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedFund;
use super::moves::{self, Promise};
use super::rows;
use super::view::FundReservation;
use crate::adjustments::amount::positive;

/// Money to be promised to a partner.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundReservationDraft)]
pub(super) struct Draft {
    /// The partner.
    partner_id: OrgId,
    /// How much of what it may ask for.
    #[schema(example = "5000.00")]
    amount: String,
    /// What for, 1 to 200 characters.
    #[schema(example = "Trade fair in Hanover")]
    purpose: String,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/purpose", &self.purpose, 1, 200, false);
    }
}

/// Reserve money of a fund for a partner
///
/// More than the partner may ask for answers 409 `fund_exhausted`.
#[utoipa::path(post, path = "/api/v1/incentives/funds/{id}/reserve", operation_id = "reserveFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(
        ("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "amount": "5000.00",
        "purpose": "Trade fair in Hanover"})),
    responses((status = 201, description = "the reservation", body = FundReservation, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn reserve_fund(
    ManagedFund { actor, vendor, id }: ManagedFund,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let fund = moves::hold(tx, vendor, id).await?;
    let mut checks = Checks::default();
    let amount = positive(&mut checks, "/amount", &draft.amount, fund.currency);
    checks.done()?;
    let promise = Promise {
        vendor,
        fund: id,
        partner: draft.partner_id,
        amount: amount.unwrap_or_default(),
        purpose: &draft.purpose,
    };
    let reserved = moves::reserve(tx, &actor.origin(), &promise).await?;
    let reservation = rows::reservation(tx, reserved, vendor).await?;
    let reply = Reply::created(
        &format!("/api/v1/incentives/fund-reservations/{reserved}"),
        &reservation,
    )?;
    command.commit(reply.version(reservation.version)).await
}
