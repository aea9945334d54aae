use axum::extract::State;
use chrono::NaiveDate;
use guildhall_plans::PlanSpec;
use guildhall_spine::{
    App, event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::access::ManagedPlan;
use super::events::{PlanChanged, PlanNow};
use super::rows::{self, Draft};
use super::{Plan, code, day, kind_of, named, terms};

/// The next version of a plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanVersionDraft)]
pub(super) struct NextVersion {
    /// Sales from this day on.
    effective_from: NaiveDate,
    /// The last day; without end when left out.
    #[serde(default)]
    effective_to: Option<NaiveDate>,
    /// What is paid for what; of the same type as before.
    #[schema(value_type = PlanSpec)]
    spec: Value,
    /// What has changed, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for NextVersion {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        day("/effective_from", self.effective_from, checks);
        if let Some(to) = self.effective_to {
            day("/effective_to", to, checks);
        }
        let lasts = self.effective_to.is_none_or(|to| to >= self.effective_from);
        checks.check(lasts, "/effective_to", "date", "must not be before effective_from");
        terms("/spec", &self.spec, checks);
    }
}

/// Write the next version of a plan
///
/// In place of the draft that there is. Nothing is in force before it is published.
#[utoipa::path(put, path = "/api/v1/incentives/plans/{id}/draft", operation_id = "putPlanDraft", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = NextVersion, example = json!({"effective_from": "2027-01-01", "note": "Twelve percent from the new year on",
        "spec": {"type": "commission", "trigger": "deal_won", "rules": [{"name": "everything", "rate": {"percent": "12"}}]}})),
    responses((status = 200, description = "the plan with the draft", body = Plan, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn put_plan_draft(
    ManagedPlan { actor, vendor, id }: ManagedPlan,
    if_match: IfMatch,
    command: Command<NextVersion>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let (version, kind) = rows::lock(tx, vendor, id).await?;
    if_match.check(version)?;
    let mut checks = Checks::default();
    named::check(tx, vendor, "/spec", &body.spec, &mut checks).await?;
    let told = terms("/spec", &body.spec, &mut checks).map(|terms| kind_of(terms.kind()));
    let message = "must be of the type that the plan has: make another plan for another type";
    checks.check(told == Some(kind), "/spec/type", "other_type", message);
    checks.done()?;
    let draft = Draft {
        from: body.effective_from,
        to: body.effective_to,
        spec: &body.spec,
        note: body.note.as_deref(),
        by: actor.user,
    };
    rows::put_draft(tx, vendor, id, &draft).await?;
    rows::touch(tx, id).await?;
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

/// Drop the draft of a plan
///
/// What is published stays.
#[utoipa::path(delete, path = "/api/v1/incentives/plans/{id}/draft", operation_id = "deletePlanDraft", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan", example = "\"v1\""),
    ),
    responses((status = 200, description = "the plan without it", body = Plan, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn delete_plan_draft(
    State(app): State<App>,
    ManagedPlan { actor, vendor, id }: ManagedPlan,
    if_match: IfMatch,
) -> Result<Reply, Problem> {
    let mut tx = app.db.begin().await?;
    let (version, _) = rows::lock(&mut tx, vendor, id).await?;
    if_match.check(version)?;
    let gone = sqlx::query!(
        "DELETE FROM incentive_plan_version WHERE plan_id = $1 AND status = 'draft'",
        id.uuid()
    )
    .execute(&mut *tx)
    .await?;
    if gone.rows_affected() == 0 {
        return Err(Problem::new(code::NO_DRAFT, "There is no draft to be dropped."));
    }
    rows::touch(&mut tx, id).await?;
    let plan = rows::own(&mut tx, vendor, id).await?;
    event::append(
        &mut tx,
        &actor.origin(),
        id,
        &[vendor.uuid()],
        &PlanChanged(PlanNow::from(&plan)),
    )
    .await?;
    tx.commit().await?;
    Ok(Reply::ok(&plan)?.version(plan.version))
}
