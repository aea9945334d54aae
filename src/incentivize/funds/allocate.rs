use guildhall_kernel::OrgId;
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::http::{Checks, Command, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedFund;
use super::view::FundBalance;
use super::{moves, rows};
use crate::adjustments::amount::signed;

/// How much of a fund a partner may ask for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundAllocation)]
pub(super) struct Allocation {
    /// The partner: active in the vendor's program.
    partner_id: OrgId,
    /// How much more it may ask for, or less when it is negative.
    #[schema(example = "20000.00")]
    amount: String,
}

impl Validate for Allocation {
    fn validate(&self, _: &mut Checks) {}
}

/// Allocate money of a fund to a partner
///
/// More than is unallocated, or taking back more than the partner may still ask for, answers 409 `fund_exhausted`.
#[utoipa::path(post, path = "/api/v1/incentives/funds/{id}/allocate", operation_id = "allocateFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(
        ("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Allocation, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "amount": "20000.00"})),
    responses((status = 200, description = "what the partner has of the fund", body = FundBalance)))]
pub(super) async fn allocate_fund(
    ManagedFund { actor, vendor, id }: ManagedFund,
    command: Command<Allocation>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let (allocation, mut command) = command.take();
    let (tx, partner) = (&mut command.tx, allocation.partner_id);
    let fund = moves::hold(tx, vendor, id).await?;
    let mut checks = Checks::default();
    let amount = signed(&mut checks, "/amount", &allocation.amount, fund.currency);
    let active = is_active_partner(tx, vendor, partner).await?;
    // Money can be taken back from a partner that isn't active any more.
    let known = active || amount.is_some_and(|amount| amount.is_sign_negative());
    checks.check(known, "/partner_id", "unknown", "is no active partner in your program");
    checks.done()?;
    moves::allocate(tx, &actor.origin(), &fund, partner, amount.unwrap_or_default()).await?;
    let balance = rows::balances(tx, id, Some(partner), None, 1).await?.pop();
    let balance = balance.ok_or_else(|| Problem::internal("an allocation left no account"))?;
    command.commit(Reply::ok(&balance)?).await
}
