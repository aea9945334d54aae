use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::CommentId;
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

use super::rows::{self, ShownComment};
use crate::deals::access::SeenDeal;

/// List comments on a deal
///
/// The oldest first: those of both sides, and of the internal ones those of your own side.
#[utoipa::path(get, path = "/api/v1/deals/{id}/comments", operation_id = "listDealComments", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of comments", body = Page<ShownComment>)))]
pub(super) async fn list_deal_comments(
    State(app): State<App>,
    deal: SeenDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal comments {} {}", deal.org, deal.id);
    let paging = Paging::<CommentId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rows::read(app.db.pool(), deal.id, deal.org, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, ShownComment::from))
}
