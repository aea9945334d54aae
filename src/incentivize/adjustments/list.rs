use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Status;
use super::rows::{self, Wanted};
use super::view::Adjustment;

/// Which adjustments.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct AdjustmentQuery {
    /// Only adjustments that stand here.
    status: Option<Status>,
    /// Only adjustments of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List adjustments
///
/// The vendor's, the newest first.
#[utoipa::path(get, path = "/api/v1/incentives/adjustments", operation_id = "listAdjustments", tag = "adjustments",
    security(("bearer" = ["earnings:manage"])), params(AdjustmentQuery),
    responses((status = 200, description = "one page of adjustments", body = Page<Adjustment>)))]
pub(super) async fn list_adjustments(
    State(app): State<App>,
    May { org, .. }: May<right::EarningManage>,
    ValidQuery(query): ValidQuery<AdjustmentQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("adjustments {} {:?} {:?}", org.id, query.status, query.partner_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted::Page {
        status: query.status,
        partner: query.partner_id,
        after: paging.after,
        limit: paging.fetch(),
    };
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::read(&mut conn, wanted, org.id).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
