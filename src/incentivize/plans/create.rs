use chrono::NaiveDate;
use guildhall_kernel::ProgramId;
use guildhall_plans::PlanSpec;
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::events::{PlanCreated, PlanNow};
use super::rows::{self, Draft};
use super::{Plan, day, kind_of, named, terms};

/// A plan to be made, with its first draft.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanDraft)]
pub(super) struct NewPlan {
    /// Its name, unique with the vendor, 1 to 200 characters.
    #[schema(example = "Reseller commission")]
    name: String,
    /// Only partners of this program earn; those of every program when left out.
    #[serde(default)]
    program_id: Option<ProgramId>,
    /// Whether what is earned needs nobody's approval; it does when left out.
    #[serde(default)]
    auto_approve: bool,
    /// Sales from this day on; today when left out.
    #[serde(default)]
    effective_from: Option<NaiveDate>,
    /// The last day; without end when left out.
    #[serde(default)]
    effective_to: Option<NaiveDate>,
    /// What is paid for what.
    #[schema(value_type = PlanSpec)]
    spec: Value,
    /// What it is about, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for NewPlan {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 200, false);
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        for (pointer, on) in [
            ("/effective_from", self.effective_from),
            ("/effective_to", self.effective_to),
        ] {
            if let Some(on) = on {
                day(pointer, on, checks);
            }
        }
        terms("/spec", &self.spec, checks);
    }
}

/// Make a plan
///
/// The plan is a draft until it is published. What is wrong with its terms is answered as 422, each fault with a pointer;
/// a fault in an expression says line and column.
#[utoipa::path(post, path = "/api/v1/incentives/plans", operation_id = "createPlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = NewPlan, example = json!({"name": "Reseller commission", "spec": {"type": "commission",
        "trigger": "deal_won", "hold_days": 30, "rules": [{"name": "everything", "rate": {"percent": "10"}}]}})),
    responses((status = 201, description = "the plan", body = Plan, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn create_plan(
    May { actor, org, .. }: May<right::PlanManage>,
    command: Command<NewPlan>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let from = body.effective_from.unwrap_or_else(|| tx.now().date_naive());
    let mut checks = Checks::default();
    let lasts = body.effective_to.is_none_or(|to| to >= from);
    checks.check(lasts, "/effective_to", "date", "must not be before effective_from");
    if let Some(program) = body.program_id {
        let known = rows::has_program(tx, org.id, program).await?;
        checks.check(known, "/program_id", "unknown", "is no program of yours");
    }
    named::check(tx, org.id, "/spec", &body.spec, &mut checks).await?;
    let kind = terms("/spec", &body.spec, &mut checks).map(|terms| kind_of(terms.kind()));
    checks.done()?;
    let kind = kind.ok_or_else(|| Problem::internal("a plan that can't be read has no fault"))?;
    let id = rows::insert(tx, org.id, (body.name.trim(), kind), body.program_id, body.auto_approve).await?;
    let draft = Draft {
        from,
        to: body.effective_to,
        spec: &body.spec,
        note: body.note.as_deref(),
        by: actor.user,
    };
    rows::put_draft(tx, org.id, id, &draft).await?;
    let plan = rows::own(tx, org.id, id).await?;
    event::append(
        tx,
        &actor.origin(),
        id,
        &[org.id.uuid()],
        &PlanCreated(PlanNow::from(&plan)),
    )
    .await?;
    let reply = Reply::created(&format!("/api/v1/incentives/plans/{id}"), &plan)?;
    command.commit(reply.version(plan.version)).await
}
