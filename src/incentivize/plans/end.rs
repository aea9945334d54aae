use chrono::NaiveDate;
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code as http_code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::ManagedPlan;
use super::events::{PlanEnded, PlanNow};
use super::{Plan, code, rows};

/// The last day of a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanEnd)]
pub(super) struct End {
    /// Sales of later days earn nothing; today or later.
    on: NaiveDate,
}

impl Validate for End {
    fn validate(&self, _: &mut Checks) {}
}

/// End a plan
///
/// The version that is in force, or comes next, ends on that day. What was earned stays.
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
    let ended = sqlx::query!(
        "UPDATE incentive_plan_version SET effective_to = $2, updated_at = $3, version = version + 1
         WHERE plan_id = $1 AND status = 'published' AND effective_from <= $2
           AND (effective_to IS NULL OR effective_to > $2)",
        id.uuid(),
        end.on,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if ended.rows_affected() == 0 {
        let detail = format!("No published version is in force after {}.", end.on);
        return Err(Problem::new(http_code::ILLEGAL_MOVE, detail));
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
