//! One import.

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::ImportId;
use guildhall_spine::http::{etag, if_none_match};

use super::{Import, access::OwnImport};

/// One import
///
/// How far it has come.
#[utoipa::path(get, path = "/api/v1/imports/{id}", operation_id = "getImport", tag = "imports",
    security(("bearer" = ["imports:manage"])), params(("id" = ImportId, Path, description = "the import")),
    responses((status = 200, description = "the import", body = Import, headers(("ETag" = String)))))]
pub(super) async fn get_import(OwnImport { import, .. }: OwnImport, headers: HeaderMap) -> Response {
    let tag = [(header::ETAG, etag(import.version))];
    if if_none_match(&headers, import.version) {
        return (StatusCode::NOT_MODIFIED, tag).into_response();
    }
    (tag, Json(import)).into_response()
}
