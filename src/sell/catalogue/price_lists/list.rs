use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use uuid::Uuid;

use super::{PriceList, rows};

/// List price lists
///
/// The vendor's own, the oldest first.
#[utoipa::path(get, path = "/api/v1/price-lists", operation_id = "listPriceLists", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])), params(PageQuery),
    responses((status = 200, description = "one page of price lists", body = Page<PriceList>)))]
pub(super) async fn list_price_lists(
    State(app): State<App>,
    May { org, .. }: May<right::CatalogueManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("price lists {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rows::page(app.db.pool(), org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), PriceList::from))
}
