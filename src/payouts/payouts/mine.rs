use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use uuid::Uuid;

use super::Payout;
use super::rows::{self, Wanted, Whose};

/// List one's own payouts
///
/// What the user was paid in person, by whatever vendor, the newest first.
#[utoipa::path(get, path = "/api/v1/payouts/mine", operation_id = "listMyPayouts", tag = "payouts",
    security(("bearer" = ["rewards:read"])), params(PageQuery),
    responses((status = 200, description = "one page of payouts", body = Page<Payout>)))]
pub(super) async fn list_my_payouts(
    State(app): State<App>,
    May { actor, .. }: May<right::RewardRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let user = actor.require_user()?;
    let scope = format!("my-payouts {user}");
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted {
        whose: Whose::Person(user),
        batch: None,
        partner: None,
        status: None,
        before: paging.after,
        limit: paging.fetch(),
    };
    let rows = rows::page(app.db.pool(), &wanted).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
