use axum::{extract::State, response::IntoResponse};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{
        Problem, ValidQuery,
        export::{ExportQuery, PAGE, Sheet, by_key, export},
    },
};

use super::rows::{self, DraftSummary};

const SHEET: Sheet = Sheet {
    name: "deal-drafts",
    columns: &[
        "id",
        "vendor_id",
        "customer",
        "deal_id",
        "created_by",
        "created_at",
        "updated_at",
    ],
};

/// Export drafts
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/deal-drafts/export", operation_id = "exportDealDrafts", tag = "deals",
    security(("bearer" = ["deals:submit"])), params(ExportQuery),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(super) async fn export_deal_drafts(
    State(app): State<App>,
    May { org, .. }: May<right::DealSubmit>,
    ValidQuery(query): ValidQuery<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let drafts = rows::read(app.db.pool(), org.id, None, after, PAGE).await?.into_iter();
            Ok(drafts
                .map(|draft| (draft.id, DraftSummary::from(draft).row()))
                .collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
