use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{
        Problem, ValidQuery,
        export::{ExportQuery, PAGE, Row, Sheet, by_key, export},
    },
};

use super::{RegistrationStanding, read};

const SHEET: Sheet = Sheet {
    name: "registration-standings",
    columns: &[
        "vendor",
        "partner",
        "registered",
        "open",
        "open_limit",
        "approved",
        "rejected",
        "expired",
        "won",
        "lost",
        "win_ratio",
    ],
};

/// The other side of `kind`, by which the list is paged, and the line of the file.
fn row(standing: RegistrationStanding, kind: OrgKind) -> (OrgId, Row) {
    let key = match kind {
        OrgKind::Vendor => standing.partner.id,
        OrgKind::Partner => standing.vendor.id,
    };
    let row = vec![
        standing.vendor.name.into(),
        standing.partner.name.into(),
        standing.registered.into(),
        standing.open.into(),
        standing.open_limit.into(),
        standing.approved.into(),
        standing.rejected.into(),
        standing.expired.into(),
        standing.won.into(),
        standing.lost.into(),
        standing.win_ratio.into(),
    ];
    (key, row)
}

/// Export what became of registrations
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/registration-standings/export", operation_id = "exportRegistrationStandings",
    tag = "deals", security(("bearer" = ["deals:read"])), params(ExportQuery),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(in crate::deals) async fn export_registration_standings(
    State(app): State<App>,
    May { org, .. }: May<right::DealRead>,
    ValidQuery(query): ValidQuery<ExportQuery>,
) -> Result<impl IntoResponse, Problem> {
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let rows = read(app.db.pool(), org, after, PAGE).await?.into_iter();
            Ok(rows.map(|one| row(one.into(), org.kind)).collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
