use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{EarningId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, PathId, Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Payout, rows};
use crate::method::shown;

/// A line of a payout.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PayoutLine {
    /// The earning.
    pub(super) earning_id: EarningId,
    /// Its amount, negative for what is taken back.
    #[schema(example = "250.00")]
    pub(super) amount: Decimal,
}

/// Lines of a payout by earning.
pub(super) async fn page(
    conn: &mut PgConnection,
    payout: &Payout,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PayoutLine>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT earning_id, amount FROM payout_line
         WHERE payout_id = $1 AND ($2::uuid IS NULL OR earning_id > $2) ORDER BY earning_id LIMIT $3",
        payout.id.uuid(),
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    let line = |id: Uuid, amount| PayoutLine {
        earning_id: id.into(),
        amount: shown(amount, &payout.currency),
    };
    Ok(rows.into_iter().map(|row| line(row.earning_id, row.amount)).collect())
}

/// List the lines of a payout
///
/// The earnings that it pays, positive and negative; they sum to its gross amount.
#[utoipa::path(get, path = "/api/v1/payouts/{id}/lines", operation_id = "listPayoutLines", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of lines", body = Page<PayoutLine>)))]
pub(super) async fn list_payout_lines(
    State(app): State<App>,
    May { org, .. }: May<right::PayoutRead>,
    PathId(id): PathId<entity::Payout>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let payout = rows::find(&mut conn, org.into(), id).await?;
    let scope = format!("payout-lines {id}");
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = page(&mut conn, &payout, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.earning_id.uuid(), |row| row))
}
