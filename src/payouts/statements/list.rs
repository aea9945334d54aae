use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{Currency, OrgId, UserId};
use guildhall_spine::{
    App,
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::Reader;
use super::rows::{self, Wanted};
use super::view::StatementSummary;

/// Which statements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct StatementsQuery {
    /// Only those of this vendor.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    vendor_id: Option<OrgId>,
    /// Only those of this partner and its people.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only those of this person.
    #[param(value_type = Option<String>, example = "user_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    user_id: Option<UserId>,
    /// Only those in this currency (ISO 4217).
    #[param(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List statements
///
/// One for each payee, currency and month in which the ledger moved, the latest month first. A vendor sees all of its
/// own, a partner's finance its company's and its people's, everyone else in a partner their own.
#[utoipa::path(get, path = "/api/v1/statements", operation_id = "listStatements", tag = "statements",
    security(("bearer" = [])), params(StatementsQuery),
    responses((status = 200, description = "one page of statements", body = Page<StatementSummary>)))]
pub(super) async fn list_statements(
    State(app): State<App>,
    reader: Reader,
    ValidQuery(query): ValidQuery<StatementsQuery>,
) -> Result<impl IntoResponse, Problem> {
    let mut wanted = Wanted {
        reader,
        vendor: query.vendor_id,
        partner: query.partner_id,
        user: query.user_id,
        currency: query.currency.map(|currency| currency.code().to_owned()),
        before: None,
        limit: 0,
    };
    let scope = format!("statements {wanted:?}");
    let paging = Paging::<(chrono::NaiveDate, i64)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    (wanted.before, wanted.limit) = (paging.after, paging.fetch());
    let rows = rows::page(app.db.pool(), &wanted).await?;
    let now = app.clock.now();
    Ok(paging.page(
        &app.cursors,
        rows,
        |row| (row.month.first(), row.id),
        |row| StatementSummary::of(&row, now),
    ))
}
