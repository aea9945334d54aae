use axum::{extract::State, response::IntoResponse};
use chrono::{Datelike, NaiveDate};
use guildhall_kernel::{OrgId, PlanId, PlanVersionId, UserId};
use guildhall_plans::{Earned, Totals};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, Paging, Problem, ValidQuery, code},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::accruals::book;

/// Which progress.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ProgressQuery {
    /// Only under this plan.
    #[param(value_type = Option<String>, example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    plan_id: Option<PlanId>,
    /// Only of this partner.
    #[param(value_type = Option<String>, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    partner_id: Option<OrgId>,
    /// Only periods that this day is in.
    on: Option<NaiveDate>,
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How far a payee is in a period of a plan that goes by periods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PlanProgress)]
pub(super) struct Progress {
    /// The plan.
    plan_id: PlanId,
    /// Its name.
    #[schema(example = "Volume rebate")]
    plan: String,
    /// The version.
    version_id: PlanVersionId,
    /// The partner.
    partner_id: OrgId,
    /// The person, where a person is paid.
    user_id: Option<UserId>,
    /// The first day of the period.
    from: NaiveDate,
    /// Its last day.
    to: NaiveDate,
    /// The currency of all amounts (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// The revenue that counts so far.
    #[schema(example = "62500.00")]
    revenue: String,
    /// The units that count so far.
    units: String,
    /// The sales that count so far.
    sales: String,
    /// The revenue that growth is measured against.
    baseline: Option<String>,
    /// What has been accrued for it so far.
    #[schema(example = "1875.00")]
    accrued: String,
    /// What the totals are worth, with the tier that is reached and the way to the next one.
    worth: Earned,
}

/// List progress
///
/// The running totals of each payee and period of the plans that go by periods: rebates, accelerators, goals and contests;
/// with what they are worth by now and the distance to the next tier. A partner sees its own.
#[utoipa::path(get, path = "/api/v1/incentives/progress", operation_id = "listPlanProgress", tag = "incentive plans",
    security(("bearer" = ["earnings:read"])), params(ProgressQuery),
    responses((status = 200, description = "one page of progress", body = Page<Progress>)))]
pub(super) async fn list_progress(
    State(app): State<App>,
    May { org, .. }: May<right::EarningRead>,
    ValidQuery(query): ValidQuery<ProgressQuery>,
) -> Result<impl IntoResponse, Problem> {
    let (plan, of, on) = (query.plan_id, query.partner_id, query.on);
    if on.is_some_and(|on| on.year() < 1) {
        return Err(Problem::new(code::INVALID_QUERY, "on: must not be before the year 1."));
    }
    let scope = format!("progress {} {plan:?} {of:?} {on:?}", org.id);
    let paging = Paging::<Key>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let (vendor, partner) = match org.kind {
        OrgKind::Vendor => (Some(org.id), of),
        // Another's is nobody's.
        OrgKind::Partner if of.is_some_and(|of| of != org.id) => (None, Some(Uuid::nil().into())),
        OrgKind::Partner => (None, Some(org.id)),
    };
    let mut conn = app.db.pool().acquire().await?;
    let after = paging.after.unwrap_or_default();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT p.version_id AS "version_id: PlanVersionId", p.vendor_id AS "vendor_id: OrgId", p.starts_on, p.ends_on,
                  p.partner_id AS "partner_id: OrgId", p.user_id, p.currency, p.direct, p.basis, p.units, p.sales,
                  p.baseline, p.earned
           FROM plan_progress p JOIN incentive_plan_version v ON v.id = p.version_id
           WHERE ($1::uuid IS NULL OR p.vendor_id = $1) AND ($2::uuid IS NULL OR p.partner_id = $2)
             AND ($3::uuid IS NULL OR v.plan_id = $3) AND ($4::date IS NULL OR $4 BETWEEN p.starts_on AND p.ends_on)
             AND (p.version_id, p.starts_on, p.partner_id, p.user_id) > ($5, $6, $7, $8)
           ORDER BY p.version_id, p.starts_on, p.partner_id, p.user_id LIMIT $9"#,
        vendor.map(OrgId::uuid),
        partner.map(OrgId::uuid),
        plan.map(PlanId::uuid),
        on,
        after.0,
        after.1,
        after.2,
        after.3,
        paging.fetch(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let vendors: std::collections::BTreeSet<OrgId> = rows.iter().map(|row| row.vendor_id).collect();
    let versions = book::published(&mut conn, &vendors.into_iter().collect::<Vec<_>>()).await?;
    let page = paging.page(&app.cursors, rows, Row::key, |row| {
        let version = versions.iter().find(|version| version.id == row.version_id);
        version.map(|version| row.shown(version))
    });
    Ok(Page {
        items: page.items.into_iter().flatten().collect::<Vec<_>>(),
        next_cursor: page.next_cursor,
    })
}

/// Version, first day, partner and person.
type Key = (Uuid, NaiveDate, Uuid, Uuid);

#[derive(Debug)]
struct Row {
    version_id: PlanVersionId,
    vendor_id: OrgId,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    partner_id: OrgId,
    user_id: Uuid,
    currency: String,
    direct: Decimal,
    basis: Decimal,
    units: Decimal,
    sales: Decimal,
    baseline: Option<Decimal>,
    earned: Decimal,
}

impl Row {
    fn key(&self) -> Key {
        (
            self.version_id.uuid(),
            self.starts_on,
            self.partner_id.uuid(),
            self.user_id,
        )
    }

    fn shown(self, version: &book::Version) -> Progress {
        let totals = Totals {
            direct: self.direct,
            basis: self.basis,
            units: self.units,
            sales: self.sales,
            baseline: self.baseline,
        };
        let written = |amount: Decimal| amount.normalize().to_string();
        Progress {
            plan_id: version.plan_id,
            plan: version.name.clone(),
            version_id: self.version_id,
            partner_id: self.partner_id,
            user_id: (!self.user_id.is_nil()).then(|| self.user_id.into()),
            from: self.starts_on,
            to: self.ends_on,
            currency: self.currency,
            revenue: written(self.basis),
            units: written(self.units),
            sales: written(self.sales),
            baseline: self.baseline.map(written),
            accrued: written(self.earned),
            worth: version.plan.earned(&totals),
        }
    }
}
