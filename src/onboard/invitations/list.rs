//! Listing invitations.

use axum::extract::State;
use guildhall_kernel::InvitationId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::{Invitation, rows};

/// The invitations of the organisation acted for, newest first
#[utoipa::path(get, path = "/api/v1/invitations", operation_id = "listInvitations", tag = "organisation",
    security(("bearer" = ["members:read"])), params(PageQuery),
    responses((status = 200, description = "a page of invitations", body = Page<Invitation>)))]
pub(super) async fn list_invitations(
    State(app): State<App>,
    may: May<right::MemberRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<Invitation>, Problem> {
    let scope = format!("invitations {}", may.org.id);
    let paging = Paging::<InvitationId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::list(&mut conn, may.org.id, app.clock.now(), paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |invitation| invitation.id, |invitation| invitation))
}
