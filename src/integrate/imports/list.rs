//! Listing imports.

use axum::extract::State;
use guildhall_kernel::ImportId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{Import, rows};

/// The imports of the organisation acted for
///
/// The newest first; they are kept for 30 days.
#[utoipa::path(get, path = "/api/v1/imports", operation_id = "listImports", tag = "imports",
    security(("bearer" = ["imports:manage"])), params(PageQuery),
    responses((status = 200, description = "a page of imports", body = Page<Import>)))]
pub(super) async fn list_imports(
    State(app): State<App>,
    may: May<right::ImportManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<Import>, Problem> {
    let scope = format!("imports {}", may.org.id);
    let paging = Paging::<ImportId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let found = rows::list(&mut conn, may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, found, |one| one.id, |one| one))
}
