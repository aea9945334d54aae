use axum::{extract::State, http::HeaderMap, response::Response};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem, record::versioned},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::lines::{PayoutLine, page};
use super::{Payout, rows};

/// Lines that are shown with a payout.
const SHOWN: i64 = 100;

/// A payout with its lines.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayoutWithLines {
    /// The payout.
    #[serde(flatten)]
    payout: Payout,
    /// What it pays, the first 100 lines; `GET …/lines` has them all.
    earnings: Vec<PayoutLine>,
}

/// Read a payout
///
/// With the earnings that it pays. For the vendor, and for the partner from when the money leaves.
#[utoipa::path(get, path = "/api/v1/payouts/{id}", operation_id = "getPayout", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(
        ("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the payout", body = PayoutWithLines, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_payout(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    PathId(id): PathId<entity::Payout>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let payout = rows::find(&mut conn, org.into(), id).await?;
    let earnings = page(&mut conn, &payout, None, SHOWN).await?;
    let version = payout.version;
    Ok(versioned(&headers, version, &PayoutWithLines { payout, earnings }))
}
