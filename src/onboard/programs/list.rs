//! Listing programs.

use axum::extract::State;
use guildhall_kernel::ProgramId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{ProgramRecord, rows};

/// Programs
///
/// A vendor sees its own, a partner those that it stands in.
#[utoipa::path(get, path = "/api/v1/programs", operation_id = "listPrograms", tag = "programs",
    security(("bearer" = ["programs:read"])), params(PageQuery),
    responses((status = 200, description = "a page of programs", body = Page<ProgramRecord>)))]
pub(super) async fn list_programs(
    State(app): State<App>,
    may: May<right::ProgramRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<ProgramRecord>, Problem> {
    let scope = format!("programs {}", may.org.id);
    let paging = Paging::<ProgramId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let records = rows::page(&mut conn, may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, records, |record| record.id, |record| record))
}
