use axum::Json;
use guildhall_plans::{Fault, PlanSpec};
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Problem, ValidJson, Validate},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Terms to be checked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanCheck)]
pub(super) struct Asked {
    /// What is paid for what; may be wrong in every way.
    #[schema(value_type = Object)]
    spec: Map<String, Value>,
}

impl Validate for Asked {
    fn validate(&self, _: &mut Checks) {}
}

/// What is wrong with terms.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanChecked)]
pub(super) struct Checked {
    /// Whether they can be published as they are.
    sound: bool,
    /// What is wrong, each with a pointer into the terms.
    faults: Vec<Fault>,
    /// The terms with what was left out filled in.
    #[schema(value_type = Option<PlanSpec>)]
    spec: Option<Value>,
}

/// Check the terms of a plan
///
/// For an editor: says all that is wrong, and stores nothing.
#[utoipa::path(post, path = "/api/v1/incentives/plans/check", operation_id = "checkPlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    request_body(content = Asked, example = json!({"spec": {"type": "commission", "trigger": "deal_won",
        "rules": [{"name": "everything", "rate": {"percent": "110"}}]}})),
    responses((status = 200, description = "what is wrong with them", body = Checked)))]
pub(super) async fn check_plan(
    _: May<right::PlanManage>,
    ValidJson(asked): ValidJson<Asked>,
) -> Result<Json<Checked>, Problem> {
    Ok(Json(match guildhall_plans::Plan::parse(&Value::Object(asked.spec)) {
        Ok(plan) => Checked {
            sound: true,
            faults: Vec::new(),
            spec: Some(serde_json::to_value(plan.spec()).map_err(Problem::internal)?),
        },
        Err(faults) => Checked {
            sound: false,
            faults,
            spec: None,
        },
    }))
}
