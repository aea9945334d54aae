use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::PlanId;
use guildhall_spine::{
    App,
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::Status;
use super::access::Reader;
use super::rows::{self, Wanted};
use super::view::Claim;

/// Which claims.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimQuery {
    /// Only claims that stand here.
    status: Option<Status>,
    /// Only claims under this plan.
    #[param(value_type = Option<String>, example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    plan_id: Option<PlanId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List claims
///
/// The newest first: a vendor's, a partner's, or the person's own.
#[utoipa::path(get, path = "/api/v1/incentives/claims", operation_id = "listClaims", tag = "claims",
    security(("bearer" = [])), params(ClaimQuery),
    responses((status = 200, description = "one page of claims", body = Page<Claim>)))]
pub(super) async fn list_claims(
    State(app): State<App>,
    Reader { sight }: Reader,
    ValidQuery(query): ValidQuery<ClaimQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("claims {sight:?} {:?} {:?}", query.status, query.plan_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted::Page {
        status: query.status,
        plan: query.plan_id,
        after: paging.after,
        limit: paging.fetch(),
    };
    let rows = rows::read(&mut *app.db.pool().acquire().await?, wanted, sight).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
