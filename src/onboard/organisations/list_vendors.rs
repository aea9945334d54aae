//! Listing the vendors.

use axum::extract::State;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{Organisation, access::Operator, rows};

/// The vendors of this deployment
///
/// For platform operators; in the order they were set up.
#[utoipa::path(get, path = "/api/v1/vendors", operation_id = "listVendors", tag = "organisation",
    security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "a page of vendors", body = Page<Organisation>)))]
pub(super) async fn list_vendors(
    State(app): State<App>,
    _: Operator,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<Organisation>, Problem> {
    let paging = Paging::<OrgId>::new(&app.cursors, "vendors".to_owned(), query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let vendors = rows::vendors(&mut conn, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, vendors, |vendor| vendor.id, |vendor| vendor))
}
