use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{DealId, OrgId, PlanId, SaleId};
use guildhall_spine::{
    App,
    http::{Page, Paging, Problem, ValidQuery, code},
    identity::Actor,
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::access::reader;
use super::ids::Wanted;
use super::rows;
use super::{Earning, Kind, Status};

/// Which earnings.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EarningQuery {
    /// Only those that stand here.
    status: Option<Status>,
    /// Only those of this kind.
    kind: Option<Kind>,
    /// Only those of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only those of this plan.
    #[param(value_type = Option<String>, example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    plan_id: Option<PlanId>,
    /// Only those of this sale.
    #[param(value_type = Option<String>, example = "sale_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    sale_id: Option<SaleId>,
    /// Only those of sales of this deal.
    #[param(value_type = Option<String>, example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    deal_id: Option<DealId>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List earnings
///
/// Newest first. A vendor sees all, a partner's finance its company's and its people's, everyone else in a partner their own.
#[utoipa::path(get, path = "/api/v1/earnings", operation_id = "listEarnings", tag = "earnings",
    security(("bearer" = [])), params(EarningQuery),
    responses((status = 200, description = "one page of earnings", body = Page<Earning>)))]
pub(super) async fn list_earnings(
    State(app): State<App>,
    actor: Actor,
    ValidQuery(query): ValidQuery<EarningQuery>,
) -> Result<impl IntoResponse, Problem> {
    let org = actor
        .org
        .ok_or_else(|| Problem::new(code::NO_ORGANISATION, "Choose one with POST /api/v1/auth/switch-org."))?;
    let reader = reader(&actor, org)?;
    let mut wanted = Wanted {
        status: query.status,
        kind: query.kind,
        partner: query.partner_id,
        plan: query.plan_id,
        sale: query.sale_id,
        deal: query.deal_id,
        ..Wanted::default()
    };
    let scope = format!("earnings {reader:?} {wanted:?}");
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    (wanted.before, wanted.limit) = (paging.after, paging.fetch());
    let mut conn = app.db.pool().acquire().await?;
    let rows = rows::read(&mut conn, reader, &wanted).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
