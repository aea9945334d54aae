use guildhall_kernel::{FundReservationId, OrgId};
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedFund;
use super::moves;
use super::rows::{self, Locked};
use super::view::FundReservation;
use crate::adjustments::amount::positive;

/// A promise that isn't needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundRelease)]
pub(super) struct Release {
    /// The reservation, of this fund.
    reservation_id: FundReservationId,
    /// How much of it; all that is left when it isn't given.
    #[serde(default)]
    #[schema(example = "4000.00")]
    amount: Option<String>,
}

impl Validate for Release {
    fn validate(&self, _: &mut Checks) {}
}

/// Notes in `checks` when the fund has no such reservation.
pub(super) async fn check_reservation(
    tx: &mut Tx,
    checks: &mut Checks,
    fund: &Locked,
    id: FundReservationId,
) -> Result<(), Problem> {
    let partner = sqlx::query_scalar!(
        r#"SELECT partner_id AS "partner_id: OrgId" FROM fund_reservation WHERE id = $1 AND fund_id = $2"#,
        id.uuid(),
        fund.id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    checks.check(
        partner.is_some(),
        "/reservation_id",
        "unknown",
        "is no reservation of this fund",
    );
    Ok(())
}

/// Release money that is reserved
///
/// The partner may ask for it again; once the fund's period is over it returns to the budget.
#[utoipa::path(post, path = "/api/v1/incentives/funds/{id}/release", operation_id = "releaseFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(
        ("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Release, example = json!({"reservation_id": "mdfr_01kaqv6r3gf5ht2x0m8c9ezw4n", "amount": "4000.00"})),
    responses((status = 200, description = "the reservation after it", body = FundReservation,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn release_fund(
    ManagedFund { actor, vendor, id }: ManagedFund,
    command: Command<Release>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let (release, mut command) = command.take();
    let tx = &mut command.tx;
    let fund = moves::hold(tx, vendor, id).await?;
    let mut checks = Checks::default();
    let amount = match &release.amount {
        Some(text) => positive(&mut checks, "/amount", text, fund.currency),
        None => None,
    };
    check_reservation(tx, &mut checks, &fund, release.reservation_id).await?;
    checks.done()?;
    moves::release(tx, &actor.origin(), vendor, release.reservation_id, amount).await?;
    let reservation = rows::reservation(tx, release.reservation_id, vendor).await?;
    command
        .commit(Reply::ok(&reservation)?.version(reservation.version))
        .await
}
