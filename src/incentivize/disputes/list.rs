use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::EarningId;
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
use super::view::Dispute;

/// Which disputes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct DisputeQuery {
    /// Only disputes that stand here.
    status: Option<Status>,
    /// Only disputes about this line.
    #[param(value_type = Option<String>, example = "earn_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    earning_id: Option<EarningId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List disputes
///
/// The newest first: a vendor's, a partner's, or those about the person's own lines.
#[utoipa::path(get, path = "/api/v1/incentives/disputes", operation_id = "listDisputes", tag = "disputes",
    security(("bearer" = [])), params(DisputeQuery),
    responses((status = 200, description = "one page of disputes", body = Page<Dispute>)))]
pub(super) async fn list_disputes(
    State(app): State<App>,
    Reader { sight }: Reader,
    ValidQuery(query): ValidQuery<DisputeQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("disputes {sight:?} {:?} {:?}", query.status, query.earning_id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let wanted = Wanted::Page {
        status: query.status,
        earning: query.earning_id,
        after: paging.after,
        limit: paging.fetch(),
    };
    let rows = rows::read(&mut *app.db.pool().acquire().await?, wanted, sight).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
