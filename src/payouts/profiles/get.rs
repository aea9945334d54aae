use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Problem, record::versioned},
};

use super::{Owner, PayoutProfile, rows};

/// Read where the partner is paid
///
/// The profile of the partner acted for. Numbers are masked. 404 `not_found` before one was set.
#[utoipa::path(get, path = "/api/v1/payout-profile", operation_id = "getPayoutProfile", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\"")),
    responses(
        (status = 200, description = "the profile", body = PayoutProfile, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
        (status = 404, description = "`not_found`: none was set", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_payout_profile(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if org.kind != OrgKind::Partner {
        return Err(Problem::not_found());
    }
    answer(&app, &headers, Owner::Company(org.id)).await
}

/// Read where one is paid oneself
///
/// The profile of the user. Numbers are masked. 404 `not_found` before one was set.
#[utoipa::path(get, path = "/api/v1/payout-profile/mine", operation_id = "getMyPayoutProfile", tag = "payouts",
    security(("bearer" = ["rewards:read"])),
    params(("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\"")),
    responses(
        (status = 200, description = "the profile", body = PayoutProfile, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
        (status = 404, description = "`not_found`: none was set", content_type = "application/problem+json", body = ref("#/components/schemas/Problem")),
    ))]
pub(super) async fn get_my_payout_profile(
    State(app): State<App>,
    May { actor, .. }: May<right::RewardRead>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    answer(&app, &headers, Owner::Person(actor.require_user()?)).await
}

async fn answer(app: &App, headers: &HeaderMap, owner: Owner) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let profile = rows::find(&mut conn, owner).await?.ok_or_else(Problem::not_found)?;
    Ok(versioned(headers, profile.version, &profile))
}
