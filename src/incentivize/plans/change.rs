use guildhall_kernel::Patch;
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Plan;
use super::access::ManagedPlan;
use super::events::{PlanChanged, PlanNow};
use super::rows;

/// What to change of a plan besides its terms; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanPatch)]
pub(super) struct PlanPatch {
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Reseller commission")]
    name: Patch<String>,
    /// Whether what is earned from now on needs nobody's approval.
    #[serde(default)]
    #[schema(value_type = bool)]
    auto_approve: Patch<bool>,
}

impl Validate for PlanPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/auto_approve", &self.auto_approve);
        if let Patch::Value(name) = &self.name {
            checks.text("/name", name, 1, 200, false);
        }
    }
}

/// Change a plan
///
/// Its name, and whether earnings need approval. The terms are changed by another version.
#[utoipa::path(patch, path = "/api/v1/incentives/plans/{id}", operation_id = "changePlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PlanPatch, example = json!({"auto_approve": true})),
    responses((status = 200, description = "the plan as changed", body = Plan, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_plan(
    ManagedPlan { actor, vendor, id }: ManagedPlan,
    if_match: IfMatch,
    command: Command<PlanPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    let (version, _) = rows::lock(tx, vendor, id).await?;
    if_match.check(version)?;
    let plan = rows::own(tx, vendor, id).await?;
    let (name, auto) = (
        patch.name.or(plan.name.clone()),
        patch.auto_approve.or(plan.auto_approve),
    );
    if name == plan.name && auto == plan.auto_approve {
        return command.commit(Reply::ok(&plan)?.version(plan.version)).await;
    }
    let at = tx.now();
    let written = sqlx::query!(
        "UPDATE incentive_plan p SET name = $2, auto_approve = $3, version = version + 1, updated_at = $4
         WHERE id = $1 AND NOT EXISTS (SELECT FROM incentive_plan o
                                       WHERE o.vendor_id = p.vendor_id AND o.name = $2 AND o.id <> p.id)",
        id.uuid(),
        name.trim(),
        auto,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if written.rows_affected() == 0 {
        return Err(Problem::new(
            code::ALREADY_EXISTS,
            format!("There is a plan with the name {name}."),
        ));
    }
    let plan = rows::own(tx, vendor, id).await?;
    event::append(
        tx,
        &actor.origin(),
        id,
        &[vendor.uuid()],
        &PlanChanged(PlanNow::from(&plan)),
    )
    .await?;
    command.commit(Reply::ok(&plan)?.version(plan.version)).await
}
