use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{ExportQuery, PAGE, Row, Sheet, by_key, export},
    },
};

use super::{DirectAccount, list::page};

const SHEET: Sheet = Sheet {
    name: "direct-accounts",
    columns: &[
        "id",
        "external_ref",
        "kind",
        "name",
        "domain",
        "country",
        "stage",
        "owner_name",
        "amount",
        "currency",
        "updated_at",
    ],
};

fn row(account: DirectAccount) -> Row {
    vec![
        account.id.to_string().into(),
        account.external_ref.into(),
        account.kind.as_str().into(),
        account.name.into(),
        account.domain.into(),
        account.country.into(),
        account.stage.as_str().into(),
        account.owner_name.into(),
        account.amount.into(),
        account.currency.into(),
        account.updated_at.into(),
    ]
}

/// Export the vendor's own accounts
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/direct-accounts/export", operation_id = "exportDirectAccounts", tag = "deals",
    security(("bearer" = ["deals:decide"])), params(ExportQuery),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(in crate::deals) async fn export_direct_accounts(
    State(app): State<App>,
    May { org, .. }: May<right::DealDecide>,
    ValidQuery(query): ValidQuery<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let accounts = page(app.db.pool(), org.id, after, PAGE).await?.into_iter();
            Ok(accounts.map(|account| (account.id, row(account))).collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
