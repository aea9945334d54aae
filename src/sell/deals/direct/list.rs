use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::DirectAccountId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};

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
    let accounts = sqlx::query_as!(
        DirectAccount,
        r#"SELECT id AS "id: DirectAccountId", external_ref, kind AS "kind: DirectAccountKind", name, domain, country,
                  stage AS "stage: DirectAccountStage", owner_name, amount, currency, updated_at
           FROM direct_account WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3"#,
        may.org.id.uuid(),
        paging.after.map(DirectAccountId::uuid),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, accounts, |account| account.id, |account| account))
}
