use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Kind;
use super::ids::{self, Reader, Wanted};
use super::rows;
use super::view::Sale;

/// Which sales.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct SaleQuery {
    /// Only sales of this kind.
    kind: Option<Kind>,
    /// Only the sale with this reference.
    #[param(example = "INV-2026-1042")]
    reference: Option<String>,
    /// Only sales of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List sales
///
/// The newest record first. A vendor lists its own, a partner those that it has a part in.
#[utoipa::path(get, path = "/api/v1/incentives/sales", operation_id = "listSales", tag = "sales",
    security(("bearer" = ["earnings:read"])), params(SaleQuery),
    responses((status = 200, description = "one page of sales", body = Page<Sale>)))]
pub(super) async fn list_sales(
    State(app): State<App>,
    May { org, .. }: May<right::EarningRead>,
    ValidQuery(query): ValidQuery<SaleQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (kind, reference, seller) = (query.kind, query.reference, query.partner_id);
    let scope = format!("sales {} {kind:?} {reference:?} {seller:?}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted {
        kind,
        reference,
        seller,
        after: paging.after,
        limit: paging.fetch(),
    };
    let reader = match org.kind {
        OrgKind::Vendor => Reader::Vendor(org.id),
        OrgKind::Partner => Reader::Partner(org.id),
    };
    let mut conn = app.db.pool().acquire().await?;
    let found = ids::page(&mut conn, reader, &wanted).await?;
    let rows = rows::load(&mut conn, &found, reader).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
