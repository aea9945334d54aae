//! The row behind an id in the path: the organisation's own.

use axum::{extract::FromRequestParts, http::request::Parts};
use guildhall_kernel::entity;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};

use super::{Import, rows};

/// An import of the organisation acted for.
pub(super) struct OwnImport {
    pub(super) may: May<right::ImportManage>,
    pub(super) import: Import,
}

impl FromRequestParts<App> for OwnImport {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let may = May::<right::ImportManage>::from_request_parts(parts, app).await?;
        let PathId(id) = PathId::<entity::Import>::from_request_parts(parts, app).await?;
        let mut conn = app.db.pool().acquire().await?;
        let found = rows::get(&mut conn, may.org.id, id).await?;
        let import = found.ok_or_else(Problem::not_found)?;
        Ok(Self { may, import })
    }
}
