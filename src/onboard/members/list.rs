//! Listing members.

use axum::extract::State;
use guildhall_kernel::UserId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{Member, rows};

/// The members of the organisation acted for
#[utoipa::path(get, path = "/api/v1/members", operation_id = "listMembers", tag = "organisation",
    security(("bearer" = ["members:read"])), params(PageQuery),
    responses((status = 200, description = "a page of members", body = Page<Member>)))]
pub(super) async fn list_members(
    State(app): State<App>,
    may: May<right::MemberRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<Member>, Problem> {
    let scope = format!("members {}", may.org.id);
    let paging = Paging::<UserId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let members = rows::list(&mut conn, may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, members, |member| member.user.id, |member| member))
}
