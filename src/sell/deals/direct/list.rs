use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{DirectAccountId, OrgId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use sqlx::PgPool;

use super::{DirectAccount, DirectAccountKind, DirectAccountStage};

/// List the vendor's own accounts
///
/// For the vendor, in the order in which they came.
#[utoipa::path(get, path = "/api/v1/direct-accounts", operation_id = "listDirectAccounts", tag = "deals",
    security(("bearer" = ["deals:decide"])), params(PageQuery),
    responses((status = 200, description = "one page of accounts", body = Page<DirectAccount>)))]
pub(in crate::deals) async fn list_direct_accounts(
    State(app): State<App>,
    may: May<right::DealDecide>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("direct accounts {}", may.org.id);
    let paging = Paging::<DirectAccountId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let accounts = page(app.db.pool(), may.org.id, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, accounts, |account| account.id, |account| account))
}

/// The vendor's accounts after `after`.
pub(super) async fn page(
    db: &PgPool,
    vendor: OrgId,
    after: Option<DirectAccountId>,
    limit: i64,
) -> Result<Vec<DirectAccount>, sqlx::Error> {
    sqlx::query_as!(
        DirectAccount,
        r#"SELECT id AS "id: DirectAccountId", external_ref, kind AS "kind: DirectAccountKind", name, domain, country,
                  stage AS "stage: DirectAccountStage", owner_name, amount, currency, updated_at
           FROM direct_account WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        vendor.uuid(),
        after.map(DirectAccountId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
