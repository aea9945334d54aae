use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{Currency, OrgId, UserId};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::AccountKind;
use crate::sales::rows::in_currency;

/// Which balances.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BalanceQuery {
    /// Only accounts of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What stands in an account.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerBalance)]
pub(super) struct Balance {
    /// Whose ledger.
    vendor_id: OrgId,
    /// Whose account; the vendor's own when `null`.
    partner_id: Option<OrgId>,
    /// The person, where a person is paid.
    user_id: Option<UserId>,
    /// What it holds.
    account: AccountKind,
    /// The currency of the balance (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// The sum of its postings.
    #[schema(example = "360.15")]
    balance: String,
}

struct Row {
    id: i64,
    vendor_id: OrgId,
    partner_id: Option<OrgId>,
    user_id: Option<UserId>,
    account: AccountKind,
    currency: String,
    balance: Decimal,
}

/// List balances
///
/// What stands in each account. A vendor's accounts of a currency sum to zero; a partner reads its own.
#[utoipa::path(get, path = "/api/v1/incentives/balances", operation_id = "listLedgerBalances", tag = "ledger",
    security(("bearer" = ["earnings:read"])), params(BalanceQuery),
    responses((status = 200, description = "one page of balances", body = Page<Balance>)))]
pub(super) async fn list_ledger_balances(
    State(app): State<App>,
    May { org, .. }: May<right::EarningRead>,
    ValidQuery(query): ValidQuery<BalanceQuery>,
) -> Result<impl IntoResponse, Problem> {
    let of = query.partner_id;
    let scope = format!("balances {} {of:?}", org.id);
    let paging = Paging::<i64>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (vendor, own) = match org.kind {
        OrgKind::Vendor => (Some(org.id.uuid()), None),
        OrgKind::Partner => (None, Some(org.id.uuid())),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.id, a.vendor_id AS "vendor_id: OrgId", a.partner_id AS "partner_id: OrgId",
                  a.user_id AS "user_id: UserId", a.kind AS "account: AccountKind", a.currency, b.balance
           FROM ledger_account a JOIN ledger_balance b ON b.account_id = a.id
           WHERE ($1::uuid IS NULL OR a.vendor_id = $1) AND ($2::uuid IS NULL OR a.partner_id = $2)
             AND ($3::uuid IS NULL OR a.partner_id = $3) AND a.id > $4
           ORDER BY a.id LIMIT $5"#,
        vendor,
        own,
        of.map(OrgId::uuid),
        paging.after.unwrap_or(0),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(
        &app.cursors,
        rows,
        |row| row.id,
        |row| Balance {
            vendor_id: row.vendor_id,
            partner_id: row.partner_id,
            user_id: row.user_id,
            account: row.account,
            balance: Currency::from_code(&row.currency).map_or_else(
                || row.balance.to_string(),
                |currency| in_currency(row.balance, currency),
            ),
            currency: row.currency,
        },
    ))
}
