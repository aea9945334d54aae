use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{
    App,
    access::right,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::{SkipReason, access::OwnBatch};
use crate::method::shown;

/// Somebody who is owed money and isn't paid by a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SkippedPayee {
    /// Its place in the list.
    #[serde(skip)]
    no: i32,
    /// The partner.
    partner_id: OrgId,
    /// The person, where a person was to be paid.
    user_id: Option<UserId>,
    /// Why.
    reason: SkipReason,
    /// What the lines sum to; they stay payable.
    #[schema(example = "12.50")]
    amount: Decimal,
}

/// List who a batch leaves out
///
/// Who was owed money when the batch was proposed and isn't paid by it, and why. What they are owed stays payable.
#[utoipa::path(get, path = "/api/v1/payout-batches/{id}/skipped", operation_id = "listSkippedPayees", tag = "payouts",
    security(("bearer" = ["payouts:read"])),
    params(("id" = String, Path, description = "the batch", example = "batch_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of payees", body = Page<SkippedPayee>)))]
pub(super) async fn list_skipped_payees(
    State(app): State<App>,
    own: OwnBatch<right::PayoutRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let batch = own.batch;
    let scope = format!("payout-skips {}", batch.id);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        SkippedPayee,
        r#"SELECT no, partner_id AS "partner_id: OrgId", user_id AS "user_id: UserId", reason AS "reason: SkipReason",
                  amount
           FROM payout_skip WHERE batch_id = $1 AND ($2::integer IS NULL OR no > $2) ORDER BY no LIMIT $3"#,
        batch.id.uuid(),
        paging.after,
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(
        &app.cursors,
        rows,
        |row| row.no,
        |row| SkippedPayee {
            amount: shown(row.amount, &batch.currency),
            ..row
        },
    ))
}
