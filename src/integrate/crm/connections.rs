//! Listing, reading and deleting connections.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use guildhall_kernel::{CrmConnectionId, OrgId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Page, PageQuery, Paging, PathId, Problem, ValidQuery, etag},
};

use super::connection::{self, Connection};
use super::events::CrmDisconnected;
use super::wire::{self, ConnectionView};

/// The vendor's own connection; 404 for another one's.
pub(super) async fn own(app: &App, vendor: OrgId, id: CrmConnectionId) -> Result<Connection, Problem> {
    let found = connection::load(app.db.pool(), id).await?;
    found
        .filter(|found| found.vendor == vendor)
        .ok_or_else(Problem::not_found)
}

/// The vendor's CRM connections, newest first
#[utoipa::path(get, path = "/api/v1/crm-connections", operation_id = "listCrmConnections", tag = "crm",
    security(("bearer" = ["crm:read"])), params(PageQuery),
    responses((status = 200, description = "a page of connections", body = Page<ConnectionView>)))]
pub(super) async fn list_crm_connections(
    State(app): State<App>,
    may: May<right::CrmRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<ConnectionView>, Problem> {
    let scope = format!("crm-connections {}", may.org.id);
    let paging = Paging::<CrmConnectionId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = wire::list(app.db.pool(), may.org.id, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, ConnectionView::from))
}

/// One connection and how it is doing
#[utoipa::path(get, path = "/api/v1/crm-connections/{id}", operation_id = "getCrmConnection", tag = "crm",
    security(("bearer" = ["crm:read"])), params(("id" = CrmConnectionId, Path, description = "the connection")),
    responses((status = 200, description = "the connection", body = ConnectionView, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn get_crm_connection(
    State(app): State<App>,
    may: May<right::CrmRead>,
    PathId(id): PathId<entity::CrmConnection>,
) -> Result<Response, Problem> {
    let view = wire::view(app.db.pool(), may.org.id, id).await?;
    let tag = [
        (header::ETAG, etag(view.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    Ok((tag, Json(view)).into_response())
}

/// Delete a connection
///
/// Its links, its log and what waits to be sent go with it, and what is mirrored over it is closed; the records in the CRM
/// stay.
#[utoipa::path(delete, path = "/api/v1/crm-connections/{id}", operation_id = "deleteCrmConnection", tag = "crm",
    security(("bearer" = ["crm:manage"])), params(("id" = CrmConnectionId, Path, description = "the connection")),
    responses((status = 204, description = "deleted")))]
pub(super) async fn delete_crm_connection(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
) -> Result<StatusCode, Problem> {
    own(&app, may.org.id, id).await?;
    let mut tx = app.db.begin().await?;
    super::mirror::forget(&mut tx, &may.actor.origin(), may.org.id, id).await?;
    let name = sqlx::query_scalar!(
        "DELETE FROM crm_connection WHERE id = $1 AND vendor_id = $2 RETURNING name",
        id.uuid(),
        may.org.id.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    super::clock::stop(&mut tx, id).await?;
    let gone = CrmDisconnected {
        connection_id: id,
        vendor_id: may.org.id,
        name,
    };
    event::append(&mut tx, &may.actor.origin(), id, &[may.org.id.uuid()], &gone).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
