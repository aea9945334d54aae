use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_kernel::PlanVersionId;
use guildhall_plans::{Period, PlanKind};
use guildhall_spine::{
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code as http_code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedPlan;
use super::close::wake_at_end;
use super::events::{PlanEnded, PlanNow};
use super::{Plan, code, day, rows};
use crate::accruals::book::{self, Version};
use crate::accruals::write::rested;
use crate::earnings::wake_at_next;
use crate::ledger;

/// The last day of a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanEnd)]
pub(super) struct End {
    /// Sales of later days earn nothing; today or later.
    on: NaiveDate,
}

impl Validate for End {
    fn validate(&self, checks: &mut Checks) {
        day("/on", self.on, checks);
    }
}

/// End a plan
///
/// The version that is in force, or comes next, ends on that day. What was earned stays; the period that it ends in is
/// settled as far as it has come, and with it the year of a true-up.
#[utoipa::path(post, path = "/api/v1/incentives/plans/{id}/end", operation_id = "endPlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = End, example = json!({"on": "2026-12-31"})),
    responses((status = 200, description = "the plan", body = Plan, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn end_plan(
    ManagedPlan { actor, vendor, id }: ManagedPlan,
    if_match: IfMatch,
    command: Command<End>,
) -> Result<Reply, Problem> {
    let (end, mut command) = command.take();
    let tx = &mut command.tx;
    let (version, _) = rows::lock(tx, vendor, id).await?;
    if_match.check(version)?;
    let (at, today) = (tx.now(), tx.now().date_naive());
    if end.on < today {
        let detail = format!("Its last day can be today, {today}, or later: what was sold before has been earned.");
        return Err(Problem::new(code::VERSION_IN_PAST, detail));
    }
    let ended = sqlx::query_scalar!(
        r#"UPDATE incentive_plan_version SET effective_to = $2, updated_at = $3, version = version + 1
           WHERE plan_id = $1 AND status = 'published' AND effective_from <= $2
             AND (effective_to IS NULL OR effective_to > $2)
           RETURNING id AS "id: PlanVersionId""#,
        id.uuid(),
        end.on,
        at,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(ended) = ended else {
        let detail = format!("No published version is in force after {}.", end.on);
        return Err(Problem::new(http_code::ILLEGAL_MOVE, detail));
    };
    let versions = book::published(tx, &[vendor]).await?;
    // One that goes by months, quarters or years has the deadline of the period that runs.
    if let Some(version) = versions.iter().find(|version| version.id == ended)
        && version.plan.period(end.on) == Period::always()
    {
        wake_at_end(tx, vendor, ended).await?;
        rest_until_end(tx, version).await?;
    }
    rows::touch(tx, id).await?;
    let plan = rows::own(tx, vendor, id).await?;
    event::append(
        tx,
        &actor.origin(),
        id,
        &[vendor.uuid()],
        &PlanEnded(PlanNow::from(&plan)),
    )
    .await?;
    command.commit(Reply::ok(&plan)?.version(plan.version)).await
}

/// What a rebate over the whole plan has brought rested until the last day of before.
async fn rest_until_end(tx: &mut Tx, version: &Version) -> Result<(), Problem> {
    let Some(to) = version.to.filter(|_| version.plan.kind() == PlanKind::Rebate) else {
        return Ok(());
    };
    ledger::lock(tx, &BTreeSet::from([version.vendor])).await?;
    let (rested, at) = (rested(to, version.plan.calculation_day()), tx.now());
    sqlx::query!(
        "UPDATE earning SET rests_until = $2, version = version + 1, updated_at = $3
         WHERE version_id = $1 AND status IN ('accrued', 'held', 'approved') AND rests_until > $2",
        version.id.uuid(),
        rested,
        at,
    )
    .execute(&mut **tx)
    .await?;
    wake_at_next(tx, version.vendor).await
}
