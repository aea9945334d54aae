use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Problem, record::versioned},
};

use super::{PayoutSettings, rows};

/// Read from where and how the vendor pays
///
/// Account numbers are masked, keys are not shown.
#[utoipa::path(get, path = "/api/v1/payout-settings", operation_id = "getPayoutSettings", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\"")),
    responses(
        (status = 200, description = "the settings", body = PayoutSettings, headers(("ETag" = String, description = "their version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_payout_settings(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutPrepare>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let settings = rows::find(&mut conn, org.id).await?.unwrap_or_default();
    let (version, shown) = (settings.version, settings.shown(org.id)?);
    Ok(versioned(&headers, version, &shown))
}
