//! The list of partnerships as a file.

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

use super::{
    PartnershipRecord, PartnershipStatus, Tier,
    rows::{self, Filter},
};

/// What the file is narrowed to, and its format.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnershipExport {
    /// The file's format; CSV unless told.
    #[param(inline)]
    format: Option<Format>,
    /// Only those in this status.
    status: Option<PartnershipStatus>,
    /// Only those of this tier.
    tier: Option<Tier>,
}

const SHEET: Sheet = Sheet {
    name: "partnerships",
    columns: &[
        "id",
        "vendor",
        "partner",
        "status",
        "tier",
        "program_id",
        "account_manager",
        "created_at",
        "updated_at",
    ],
};

fn row(record: PartnershipRecord) -> Row {
    vec![
        record.id.to_string().into(),
        record.vendor.name.into(),
        record.partner.name.into(),
        record.status.as_str().into(),
        record.tier.as_str().into(),
        record.program_id.to_string().into(),
        record.account_manager.map(|manager| manager.name).into(),
        record.created_at.into(),
        record.updated_at.into(),
    ]
}

/// Export partnerships
///
/// The whole list as a file, streamed. A download that breaks off was not complete.
#[utoipa::path(get, path = "/api/v1/partnerships/export", operation_id = "exportPartnerships", tag = "partnerships",
    security(("bearer" = ["partnerships:read"])), params(PartnershipExport),
    responses((status = 200, description = "the file", body = String, content_type = "text/csv")))]
pub(super) async fn export_partnerships(
    State(app): State<App>,
    May { org, .. }: May<right::PartnershipRead>,
    ValidQuery(query): ValidQuery<PartnershipExport>,
) -> Result<impl IntoResponse, Problem> {
    let filter = Filter {
        status: query.status,
        tier: query.tier,
    };
    let source = by_key(move |after| {
        let app = app.clone();
        async move {
            let mut conn = app.db.pool().acquire().await?;
            let records = rows::page(&mut conn, org, filter, after, PAGE).await?;
            Ok(records.into_iter().map(|record| (record.id, row(record))).collect())
        }
    });
    export(query.format.unwrap_or_default(), SHEET, source).await
}
