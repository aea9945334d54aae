use axum::{http::HeaderMap, response::Response};
use guildhall_spine::http::record::versioned;

use super::Plan;
use super::access::VisiblePlan;

/// Get a plan
///
/// With the version in force, and for the vendor the draft.
#[utoipa::path(get, path = "/api/v1/incentives/plans/{id}", operation_id = "getPlan", tag = "incentive plans",
    security(("bearer" = ["plans:read"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the plan", body = Plan, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_plan(VisiblePlan { plan, .. }: VisiblePlan, headers: HeaderMap) -> Response {
    versioned(&headers, plan.version, &plan)
}
