//! Asking a CRM whether it lets us in, and for its fields.

use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use guildhall_kernel::{CrmConnectionId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{PathId, Problem},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::code;
use super::connection::Connection;
use super::connections::own;
use super::connector::{Fault, FaultKind, Field};
use super::drift;

/// What a probe found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmProbe {
    /// Whether the CRM lets us in and has the object.
    ok: bool,
    /// Why not, in its words.
    error: Option<String>,
    /// Whether the credentials are refused.
    refused: bool,
    /// Whether the mapping doesn't suit the fields: writes rest then.
    drift: bool,
}

/// The fields of the CRM's object.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CrmFields {
    /// The fields.
    items: Vec<Field>,
    /// Any other field may be named too.
    open: bool,
    /// When the CRM was asked.
    described_at: Option<DateTime<Utc>>,
}

/// A fault of the CRM as an answer.
pub(super) fn unavailable(fault: &Fault) -> Problem {
    Problem::new(
        code::CRM_UNAVAILABLE,
        format!("It said: {}.", fault.message.trim_end_matches('.')),
    )
}

/// Probe a connection
///
/// Logs in, reads the fields of the CRM's object and holds the mapping against them. Nothing is written to the CRM, except
/// that a webhook gets a message of the type `probe`.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/probe", operation_id = "probeCrmConnection", tag = "crm",
    security(("bearer" = ["crm:manage"])), params(("id" = CrmConnectionId, Path, description = "the connection")),
    responses((status = 200, description = "what was found", body = CrmProbe)))]
pub(super) async fn probe_crm_connection(
    State(app): State<App>,
    may: May<right::CrmManage>,
    PathId(id): PathId<entity::CrmConnection>,
) -> Result<Json<CrmProbe>, Problem> {
    let connection = own(&app, may.org.id, id).await?;
    Ok(Json(match ask(&app, &connection).await {
        Ok(schema) => {
            connection.note_success(&app).await?;
            CrmProbe {
                ok: true,
                error: None,
                refused: false,
                drift: drift::record(&app, &connection, schema).await?,
            }
        }
        Err(fault) => {
            connection.note_fault(&app, &fault).await?;
            CrmProbe {
                ok: false,
                refused: fault.kind == FaultKind::Auth,
                error: Some(fault.message),
                drift: connection.paused_at.is_some(),
            }
        }
    }))
}

async fn ask(app: &App, connection: &Connection) -> Result<super::connector::Schema, Fault> {
    let crm = connection.connector(app)?;
    crm.probe().await?;
    crm.describe().await
}

/// The fields of the CRM's object, as last asked for
#[utoipa::path(get, path = "/api/v1/crm-connections/{id}/fields", operation_id = "getCrmFields", tag = "crm",
    security(("bearer" = ["crm:read"])), params(("id" = CrmConnectionId, Path, description = "the connection")),
    responses((status = 200, description = "the fields", body = CrmFields)))]
pub(super) async fn get_crm_fields(
    State(app): State<App>,
    may: May<right::CrmRead>,
    PathId(id): PathId<entity::CrmConnection>,
) -> Result<Json<CrmFields>, Problem> {
    let connection = own(&app, may.org.id, id).await?;
    let described_at = sqlx::query_scalar!("SELECT described_at FROM crm_connection WHERE id = $1", id.uuid())
        .fetch_one(app.db.pool())
        .await?;
    let schema = connection.schema.map(|schema| schema.0).unwrap_or_default();
    Ok(Json(CrmFields {
        items: schema.fields,
        open: schema.open,
        described_at,
    }))
}
