use axum::{Json, extract::State, http::HeaderMap, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{App, http::Problem};
use sqlx::PgConnection;

use super::access::{CreditedDeal, OwnAgreement};
use super::rows;
use super::stored::{self, Signature};
use super::view::{CreditAgreement, DealCredit, Viewer};
use guildhall_spine::http::record::versioned;

/// Read the credit of a deal
///
/// What is in force, what waits for signatures, and what was before. A partner sees its own shares and the rest of each
/// role as one, unless the program shows the shares of all.
#[utoipa::path(get, path = "/api/v1/deals/{id}/credit", operation_id = "getDealCredit", tag = "credit",
    security(("bearer" = ["cosell:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")),
    responses((status = 200, description = "the credit of the deal", body = DealCredit)))]
pub(super) async fn get_deal_credit(
    State(app): State<App>,
    CreditedDeal { org, id, .. }: CreditedDeal,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let deal = rows::deal(&mut conn, id).await?;
    let settled = stored::in_force(&mut conn, id).await?.is_some();
    let agreements = stored::agreements(&mut conn, org, id).await?;
    let viewer = Viewer {
        org,
        vendor: deal.vendor_id,
        open: deal.open,
    };
    let registrant = named(&mut conn, deal.partner_id).await?;
    Ok(Json(viewer.deal(&deal, registrant, &agreements, settled)))
}

async fn named(conn: &mut PgConnection, org: OrgId) -> Result<Signature, Problem> {
    let name = sqlx::query_scalar!("SELECT name FROM organisation WHERE id = $1", org.uuid())
        .fetch_one(conn)
        .await?;
    Ok(Signature {
        org_id: org,
        name,
        signed_at: None,
    })
}

/// Read one agreement on credit
///
/// For those whom it concerns.
#[utoipa::path(get, path = "/api/v1/credit-agreements/{id}", operation_id = "getCreditAgreement", tag = "credit",
    security(("bearer" = ["cosell:read"])),
    params(
        ("id" = String, Path, description = "the agreement", example = "agr_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-None-Match" = Option<String>, Header, description = "the ETag that the client has", example = "\"v1\""),
    ),
    responses(
        (status = 200, description = "the agreement", body = CreditAgreement, headers(("ETag" = String, description = "its version"))),
        (status = 304, description = "the client has this version already"),
    ))]
pub(super) async fn get_credit_agreement(
    State(app): State<App>,
    OwnAgreement { org, agreement, .. }: OwnAgreement,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let deal = rows::deal(&mut conn, agreement.deal_id).await?;
    let viewer = Viewer {
        org,
        vendor: deal.vendor_id,
        open: deal.open,
    };
    let version = viewer.version(&agreement);
    Ok(versioned(&headers, version, &viewer.agreement(&agreement)))
}
