use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, PayoutBatchId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::rows::{self, Wanted};
use super::{Payout, PayoutStatus};

/// Which payouts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutQuery {
    /// Only payouts of this batch.
    #[param(value_type = Option<String>, example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    payout_batch_id: Option<PayoutBatchId>,
    /// Only payouts to this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only payouts of this status.
    status: Option<PayoutStatus>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List payouts
///
/// The newest first. A vendor lists all that it pays, a partner those to it from when the money leaves.
#[utoipa::path(get, path = "/api/v1/payouts", operation_id = "listPayouts", tag = "payouts",
    security(("bearer" = ["payouts:read"])), params(PayoutQuery),
    responses((status = 200, description = "one page of payouts", body = Page<Payout>)))]
pub(super) async fn list_payouts(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    ValidQuery(query): ValidQuery<PayoutQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (batch, partner, status) = (query.payout_batch_id, query.partner_id, query.status);
    let scope = format!("payouts {} {batch:?} {partner:?} {status:?}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted {
        whose: org.into(),
        batch,
        partner,
        status,
        before: paging.after,
        limit: paging.fetch(),
    };
    let rows = rows::page(app.db.pool(), &wanted).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
