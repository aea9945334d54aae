use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{BatchStatus, PayoutBatch, rows};

/// Which batches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BatchQuery {
    /// Only batches of this status.
    status: Option<BatchStatus>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List batches of payouts
///
/// The vendor's, the newest first.
#[utoipa::path(get, path = "/api/v1/payout-batches", operation_id = "listPayoutBatches", tag = "payouts",
    security(("bearer" = ["payouts:read"])), params(BatchQuery),
    responses((status = 200, description = "one page of batches", body = Page<PayoutBatch>)))]
pub(super) async fn list_payout_batches(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    ValidQuery(query): ValidQuery<BatchQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("payout-batches {} {:?}", org.id, query.status);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rows::page(app.db.pool(), org.id, query.status, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
