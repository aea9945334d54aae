//! Listing partnerships.

use axum::extract::State;
use guildhall_kernel::PartnershipId;
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, Problem, ValidQuery},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    PartnershipRecord, PartnershipStatus, Tier,
    rows::{self, Filter},
};

/// What the list is narrowed to.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnershipQuery {
    /// Only those in this status.
    status: Option<PartnershipStatus>,
    /// Only those of this tier.
    tier: Option<Tier>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Partnerships
///
/// A vendor sees its program's, a partner its own.
#[utoipa::path(get, path = "/api/v1/partnerships", operation_id = "listPartnerships", tag = "partnerships",
    security(("bearer" = ["partnerships:read"])), params(PartnershipQuery),
    responses((status = 200, description = "a page of partnerships", body = Page<PartnershipRecord>)))]
pub(super) async fn list_partnerships(
    State(app): State<App>,
    may: May<right::PartnershipRead>,
    ValidQuery(query): ValidQuery<PartnershipQuery>,
) -> Result<Page<PartnershipRecord>, Problem> {
    let filter = Filter {
        status: query.status,
        tier: query.tier,
    };
    let scope = format!("partnerships {} {:?} {:?}", may.org.id, filter.status, filter.tier);
    let paging = Paging::<PartnershipId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let mut conn = app.db.pool().acquire().await?;
    let records = rows::page(&mut conn, may.org, filter, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, records, |record| record.id, |record| record))
}
