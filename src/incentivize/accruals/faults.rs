use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{PlanVersionId, SaleId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// A sale that couldn't be valued under a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccrualFault {
    /// The sale.
    sale_id: SaleId,
    /// The version of the plan.
    version_id: PlanVersionId,
    /// Why, as a stable code.
    #[schema(example = "missing_rate")]
    code: String,
    /// Why, and what to do.
    detail: String,
    /// When it was tried last.
    at: DateTime<Utc>,
}

/// List sales that couldn't be valued
///
/// Nothing is posted for them until the reason is gone and they are computed anew.
#[utoipa::path(get, path = "/api/v1/incentives/faults", operation_id = "listAccrualFaults", tag = "sales",
    security(("bearer" = ["plans:manage"])), params(PageQuery),
    responses((status = 200, description = "one page of sales with the reasons", body = Page<AccrualFault>)))]
pub(super) async fn list_accrual_faults(
    State(app): State<App>,
    May { org, .. }: May<right::PlanManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let paging = Paging::<(Uuid, Uuid)>::new(
        &app.cursors,
        format!("faults {}", org.id),
        query.limit,
        query.cursor.as_deref(),
    )?;
    let (sale, version) = paging.after.unwrap_or_default();
    let rows = sqlx::query_as!(
        AccrualFault,
        r#"SELECT sale_id AS "sale_id: SaleId", version_id AS "version_id: PlanVersionId", code, detail, at
           FROM accrual_fault WHERE vendor_id = $1 AND (sale_id, version_id) > ($2, $3)
           ORDER BY sale_id, version_id LIMIT $4"#,
        org.id.uuid(),
        sale,
        version,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(
        &app.cursors,
        rows,
        |row| (row.sale_id.uuid(), row.version_id.uuid()),
        |row| row,
    ))
}
