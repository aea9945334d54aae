use axum::{Json, extract::State};
use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanVersionId, UserId};
use guildhall_plans::Measure;
use guildhall_spine::{
    App,
    http::{Problem, ValidQuery, code},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::{IntoParams, ToSchema};

use super::access::VisiblePlan;
use crate::accruals::book;

/// Places that are shown.
const PLACES: i64 = 100;

/// Which period.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardQuery {
    /// A day of the period; today when left out.
    on: Option<NaiveDate>,
}

/// Who is where in a period of a plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Leaderboard {
    /// The first day of the period; `null` when the plan isn't in force on the day.
    from: Option<NaiveDate>,
    /// Its last day.
    to: Option<NaiveDate>,
    /// What decides: `revenue`, `units` or `sales`.
    measure: Measure,
    /// The first hundred places.
    places: Vec<Place>,
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeaderboardPlace)]
struct Place {
    /// From 1; equals share one.
    #[schema(example = 1)]
    rank: i64,
    /// The partner. A partner sees itself, and of the others that they are there.
    partner_id: Option<OrgId>,
    /// The person, where persons compete.
    user_id: Option<UserId>,
    /// The total that decides.
    #[schema(example = "62500")]
    total: String,
}

/// Get a plan's leaderboard
///
/// Of a contest: 404 for a plan without one. Live: what was sold a moment ago counts. Partners see their own place and the
/// totals of the others, not their names.
#[utoipa::path(get, path = "/api/v1/incentives/plans/{id}/leaderboard", operation_id = "getPlanLeaderboard", tag = "incentive plans",
    security(("bearer" = ["plans:read"])),
    params(("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"), BoardQuery),
    responses((status = 200, description = "who is where", body = Leaderboard)))]
pub(super) async fn get_leaderboard(
    State(app): State<App>,
    VisiblePlan { plan, partner: reader }: VisiblePlan,
    ValidQuery(query): ValidQuery<BoardQuery>,
) -> Result<Json<Leaderboard>, Problem> {
    let on = query.on.unwrap_or_else(|| app.clock.now().date_naive());
    let mut conn = app.db.pool().acquire().await?;
    let versions = book::published(&mut conn, &[plan.vendor_id]).await?;
    let version = versions
        .iter()
        .find(|version| version.plan_id == plan.id && version.covers(on));
    let Some(version) = version else {
        return Ok(Json(Leaderboard {
            from: None,
            to: None,
            measure: Measure::Revenue,
            places: Vec::new(),
        }));
    };
    let named = &version.plan.spec().common.eligible.partners;
    if reader.is_some_and(|reader| !named.is_empty() && !named.contains(&reader)) {
        return Err(Problem::not_found());
    }
    let Some(contest) = version.plan.contest() else {
        // The totals are what each partner has sold: only who competes by them may see them.
        return Err(Problem::new(
            code::NOT_FOUND,
            "The plan has no contest, and so no leaderboard.",
        ));
    };
    let (measure, period) = (contest.measure, version.plan.period(on));
    Ok(Json(Leaderboard {
        from: Some(period.start),
        to: Some(period.end),
        measure,
        places: places(&mut conn, (version.id, period.start), measure, reader).await?,
    }))
}

/// The first places of a period of a version, as the partner sees them, or the vendor when there is none.
async fn places(
    conn: &mut PgConnection,
    (version, start): (PlanVersionId, NaiveDate),
    measure: Measure,
    reader: Option<OrgId>,
) -> Result<Vec<Place>, Problem> {
    let name = match measure {
        Measure::Revenue => "basis",
        Measure::Units => "units",
        Measure::Sales => "sales",
    };
    let rows = sqlx::query!(
        r#"SELECT rank() OVER (ORDER BY total DESC) AS "rank!", partner_id AS "partner_id!: OrgId", user_id AS "user_id!",
                  total AS "total!: Decimal"
           FROM (SELECT partner_id, user_id, CASE $3 WHEN 'units' THEN units WHEN 'sales' THEN sales ELSE basis END AS total
                 FROM plan_progress WHERE version_id = $1 AND starts_on = $2) ranked
           ORDER BY total DESC, partner_id, user_id LIMIT $4"#,
        version.uuid(),
        start,
        name,
        PLACES,
    )
    .fetch_all(conn)
    .await?;
    let shown = |partner: OrgId| reader.is_none_or(|reader| reader == partner);
    let places = rows.into_iter().map(|row| Place {
        rank: row.rank,
        partner_id: Some(row.partner_id).filter(|partner| shown(*partner)),
        user_id: (!row.user_id.is_nil() && shown(row.partner_id)).then(|| row.user_id.into()),
        total: row.total.normalize().to_string(),
    });
    Ok(places.collect())
}
