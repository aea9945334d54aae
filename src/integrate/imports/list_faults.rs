//! What is wrong with the rows of a file.

use axum::extract::State;
use guildhall_kernel::ImportId;
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use super::access::OwnImport;

/// What is wrong with a row.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ImportFault {
    /// The row, as a spreadsheet counts: the header is row 1.
    #[schema(example = 7)]
    pub(super) row: i64,
    #[serde(skip)]
    pub(super) place: i16,
    /// The column; `null` for the whole row.
    #[schema(example = "Country")]
    pub(super) column: Option<String>,
    /// A stable code.
    #[schema(example = "country")]
    pub(super) code: String,
    /// What is wrong and what to do.
    #[schema(example = "must be a country code of two capital letters (ISO 3166-1), like DE")]
    pub(super) message: String,
}

/// The faults of an import after `after`, in the order of rows.
pub(super) async fn page(
    pool: &PgPool,
    import: ImportId,
    after: (i64, i16),
    limit: i64,
) -> Result<Vec<ImportFault>, sqlx::Error> {
    sqlx::query_as!(
        ImportFault,
        r#"SELECT no AS "row", place, col AS "column", code, message FROM import_fault
           WHERE import_id = $1 AND (no, place) > ($2, $3) ORDER BY no, place LIMIT $4"#,
        import.uuid(),
        after.0,
        after.1,
        limit
    )
    .fetch_all(pool)
    .await
}

/// What is wrong with the rows of an import
///
/// In the order of rows, the first 50 000 faults.
#[utoipa::path(get, path = "/api/v1/imports/{id}/faults", operation_id = "listImportFaults", tag = "imports",
    security(("bearer" = ["imports:manage"])),
    params(("id" = ImportId, Path, description = "the import"), PageQuery),
    responses((status = 200, description = "a page of faults", body = Page<ImportFault>)))]
pub(super) async fn list_import_faults(
    State(app): State<App>,
    OwnImport { import, .. }: OwnImport,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<ImportFault>, Problem> {
    let scope = format!("import-faults {}", import.id);
    let paging = Paging::<(i64, i16)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let after = paging.after.unwrap_or((0, -1));
    let found = page(app.db.pool(), import.id, after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, found, |one| (one.row, one.place), |one| one))
}
