use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use sqlx::types::Json;
use utoipa::ToSchema;

use super::access::ManagedLead;
use super::draft::LeadDraft;

/// A sign of interest.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadTouch {
    /// Its number: 1 made the lead.
    #[schema(example = 1)]
    no: i32,
    /// When it came.
    at: DateTime<Utc>,
    /// As it was sent.
    #[schema(value_type = LeadDraft)]
    lead: Json<LeadDraft>,
}

/// List a lead's touches
///
/// Each sign of interest of the company as it was sent, the latest first. For the vendor.
#[utoipa::path(get, path = "/api/v1/leads/{id}/touches", operation_id = "listLeadTouches", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of touches", body = Page<LeadTouch>)))]
pub(in crate::leads) async fn list_lead_touches(
    State(app): State<App>,
    ManagedLead(reached): ManagedLead,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("lead touches {} {}", reached.org, reached.id);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        LeadTouch,
        r#"SELECT no, at, data AS "lead: Json<LeadDraft>" FROM lead_touch
           WHERE lead_id = $1 AND no < $2 ORDER BY no DESC LIMIT $3"#,
        reached.id.uuid(),
        paging.after.unwrap_or(i32::MAX),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, |row| row))
}
