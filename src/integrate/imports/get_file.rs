//! One file.

use axum::{Json, extract::State};
use guildhall_kernel::{FileId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::{ImportFile, rows};

/// One file that was sent to be imported
///
/// What its header says.
#[utoipa::path(get, path = "/api/v1/import-files/{id}", operation_id = "getImportFile", tag = "imports",
    security(("bearer" = ["imports:manage"])), params(("id" = FileId, Path, description = "the file")),
    responses((status = 200, description = "the file", body = ImportFile)))]
pub(super) async fn get_import_file(
    State(app): State<App>,
    may: May<right::ImportManage>,
    PathId(id): PathId<entity::File>,
) -> Result<Json<ImportFile>, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let found = rows::file(&mut conn, may.org.id, id).await?;
    found.map(Json).ok_or_else(Problem::not_found)
}
