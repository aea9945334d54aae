use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{Format, PAGE, Row, Sheet, by_key, export},
    },
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::rows;
use super::stage::Stage;
use super::view::{CoSell, CoSellStatus};

/// Which shared opportunities, and in which format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CoSellExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Only those in which the organisation acted for is at this stage.
    #[param(inline)]
    stage: Option<Stage>,
    /// Only those of this status.
    status: Option<CoSellStatus>,
}

const SHEET: Sheet = Sheet {
    name: "co-sells",
    columns: &[
        "id",
        "status",
        "stage",
        "vendor",
        "title",
        "brief",
        "customer",
        "country",
        "amount",
        "currency",
        "expected_close",
        "deal_id",
        "created_at",
        "updated_at",
    ],
};

fn row(one: CoSell) -> Row {
    vec![
        one.id.to_string().into(),
        one.status.as_str().into(),
        one.stage.as_str().into(),
        one.vendor.name.into(),
        one.title.into(),
        one.brief.into(),
        one.customer_name.into(),
        one.customer_country.into(),
        one.amount.into(),
        one.currency.into(),
        one.expected_close.into(),
        one.deal_id.map(|deal| deal.to_string()).into(),
        one.created_at.into(),
        one.updated_at.into(),
    ]
}

/// Export shared opportunities
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/co-sells/export", operation_id = "exportCoSells", tag = "co-sell",
    security(("bearer" = ["cosell:read"])), params(CoSellExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(super) async fn export_co_sells(
    State(app): State<App>,
    May { org, .. }: May<right::CoSellRead>,
    ValidQuery(query): ValidQuery<CoSellExport>,
) -> Result<impl IntoResponse, Problem> {
    let (stage, status) = (query.stage, query.status);
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let mut conn = app.db.pool().acquire().await?;
            let found = rows::page(&mut conn, org.id, stage, status, after, PAGE).await?;
            Ok(found.into_iter().map(|one| (one.id.uuid(), row(one.into()))).collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
