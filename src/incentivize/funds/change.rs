use guildhall_kernel::Patch;
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedFund;
use super::code::FUND_EXHAUSTED;
use super::events::FundChanged;
use super::view::Fund;
use super::{moves, rows};
use crate::sales::rows::in_currency;

/// What to change of a fund; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundPatch)]
pub(super) struct Change {
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "EMEA launch, 2026 Q4")]
    name: Patch<String>,
    /// All the money of the fund, at least what partners have of it.
    #[serde(default)]
    #[schema(value_type = String, example = "60000.00")]
    budget: Patch<String>,
}

impl Validate for Change {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/budget", &self.budget);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 100, false);
        }
    }
}

/// Change a fund
///
/// Its name and its budget. A budget below what partners have answers 409 `fund_exhausted`: take allocations back first.
#[utoipa::path(patch, path = "/api/v1/incentives/funds/{id}", operation_id = "changeFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(
        ("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Change, example = json!({"budget": "60000.00"})),
    responses((status = 200, description = "the fund as changed", body = Fund, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_fund(
    ManagedFund { actor, vendor, id }: ManagedFund,
    if_match: IfMatch,
    command: Command<Change>,
) -> Result<Reply, Problem> {
    let (change, mut command) = command.take();
    let tx = &mut command.tx;
    let mut fund = moves::hold(tx, vendor, id).await?;
    if_match.check(fund.version)?;
    if let Patch::Value(text) = &change.budget {
        let mut checks = Checks::default();
        fund.budget = checks.money("/budget", text, fund.currency).unwrap_or(fund.budget);
        checks.done()?;
    }
    if fund.budget < fund.allocated {
        let with = in_currency(fund.allocated, fund.currency);
        let detail = format!(
            "Partners have {with} {} of it: the budget can't be less.",
            fund.currency.code()
        );
        return Err(Problem::new(FUND_EXHAUSTED, detail));
    }
    fund.name = change.name.or(fund.name);
    fund.version += 1;
    let at = tx.now();
    let changed = sqlx::query!(
        "UPDATE fund f SET name = $2, budget = $3, version = $4, updated_at = $5
         WHERE id = $1 AND NOT EXISTS (SELECT FROM fund o WHERE o.vendor_id = f.vendor_id AND o.name = $2 AND o.id <> $1)",
        id.uuid(),
        fund.name,
        fund.budget,
        fund.version,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(Problem::new(
            code::ALREADY_EXISTS,
            format!("There is a fund with the name {}.", fund.name),
        ));
    }
    event::append(tx, &actor.origin(), id, &[vendor.uuid()], &FundChanged(fund.now())).await?;
    let fund = rows::find(tx, id, Some(vendor), None)
        .await?
        .ok_or_else(Problem::not_found)?;
    command.commit(Reply::ok(&fund)?.version(fund.version)).await
}
