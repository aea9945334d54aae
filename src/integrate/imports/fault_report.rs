//! The same for a spreadsheet.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use csv::Writer;
use futures_util::stream;
use guildhall_kernel::ImportId;
use guildhall_spine::{App, http::Problem};

use super::{access::OwnImport, list_faults, table::harmless};

const PAGE: i64 = 1000;

/// What is wrong with the rows of an import, as CSV
///
/// The columns are row, column, code and message. What a spreadsheet would take for a formula begins with an apostrophe.
#[utoipa::path(get, path = "/api/v1/imports/{id}/fault-report", operation_id = "getImportFaultReport", tag = "imports",
    security(("bearer" = ["imports:manage"])), params(("id" = ImportId, Path, description = "the import")),
    responses((status = 200, description = "the report", body = String, content_type = "text/csv", example = "row,column,code,message\r\n")))]
pub(super) async fn get_import_fault_report(
    State(app): State<App>,
    OwnImport { import, .. }: OwnImport,
) -> Result<Response, Problem> {
    let head = written(&[["row", "column", "code", "message"].map(str::to_owned)])?;
    let begin = (app, import.id, Some((0, -1)), Some(head));
    let parts = stream::unfold(begin, |(app, import, after, head)| async move {
        if let Some(head) = head {
            return Some((Ok(head), (app, import, after, None)));
        }
        match next(&app, import, after?).await {
            Ok((_, None)) => None,
            Ok((part, last)) => Some((Ok(part), (app, import, last, None))),
            Err(problem) => Some((
                Err(std::io::Error::other(problem.to_string())),
                (app, import, None, None),
            )),
        }
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"faults.csv\""),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((headers, Body::from_stream(parts)).into_response())
}

async fn next(app: &App, import: ImportId, after: (i64, i16)) -> Result<(Bytes, Option<(i64, i16)>), Problem> {
    let faults = list_faults::page(app.db.pool(), import, after, PAGE).await?;
    let last = faults.last().map(|fault| (fault.row, fault.place));
    let rows: Vec<[String; 4]> = faults
        .into_iter()
        .map(|fault| {
            let column = fault.column.unwrap_or_default();
            [
                fault.row.to_string(),
                harmless(&column).into_owned(),
                fault.code,
                harmless(&fault.message).into_owned(),
            ]
        })
        .collect();
    Ok((written(&rows)?, last))
}

fn written(rows: &[[String; 4]]) -> Result<Bytes, Problem> {
    let mut writer = Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).map_err(Problem::internal)?;
    }
    Ok(writer.into_inner().map_err(Problem::internal)?.into())
}
