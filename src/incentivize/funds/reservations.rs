use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{FundReservationId, OrgId};
use guildhall_spine::{
    App,
    access::Permission,
    http::{
        Page, Paging, Problem, ValidQuery,
        record::{address, versioned},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::access::{VisibleFund, side};
use super::rows::{self, WantedReservations};
use super::view::FundReservation;

/// Which reservations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ReservationQuery {
    /// Only those of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the reservations of a fund
///
/// The newest first. A partner sees its own.
#[utoipa::path(get, path = "/api/v1/incentives/funds/{id}/reservations", operation_id = "listFundReservations",
    tag = "funds", security(("bearer" = ["funds:read"])),
    params(("id" = String, Path, description = "the fund", example = "fund_01kaqv6r3gf5ht2x0m8c9ezw4n"), ReservationQuery),
    responses((status = 200, description = "one page of reservations", body = Page<FundReservation>)))]
pub(super) async fn list_fund_reservations(
    State(app): State<App>,
    VisibleFund { fund, org }: VisibleFund,
    ValidQuery(query): ValidQuery<ReservationQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("fund reservations {} {} {:?}", org.id, fund.id, query.partner_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = WantedReservations::Page {
        fund: fund.id,
        of: query.partner_id,
        after: paging.after,
        limit: paging.fetch(),
    };
    let (vendor, partner) = side(org);
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::reservations(&mut conn, wanted, vendor, partner).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}

/// A reservation that the actor may read.
#[derive(Debug)]
pub(super) struct VisibleReservation(FundReservation);

impl FromRequestParts<App> for VisibleReservation {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let (actor, org, id): (_, _, FundReservationId) = address(parts, app).await?;
        let (vendor, partner) = side(org);
        let mut conn = app.db.pool().acquire().await?;
        let found = rows::reservations(&mut conn, WantedReservations::One(id), vendor, partner)
            .await?
            .pop();
        let found = found.ok_or_else(Problem::not_found)?;
        actor.require(Permission::FundRead)?;
        Ok(Self(found))
    }
}

/// Get a reservation of a fund
#[utoipa::path(get, path = "/api/v1/incentives/fund-reservations/{id}", operation_id = "getFundReservation",
    tag = "funds", security(("bearer" = ["funds:read"])),
    params(
        ("id" = String, Path, description = "the reservation", example = "mdfr_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses((status = 200, description = "the reservation", body = FundReservation,
            headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has it")))]
pub(super) async fn get_fund_reservation(
    VisibleReservation(reservation): VisibleReservation,
    headers: HeaderMap,
) -> Response {
    versioned(&headers, reservation.version, &reservation)
}
