//! The plans in force, compiled once: a published version never changes.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanId, PlanVersionId, ProgramId};
use guildhall_plans::{Period, Plan, PlanKind};
use guildhall_spine::http::Problem;
use parking_lot::RwLock;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::earnings::Kind;

/// A version of a plan, ready to be evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: PlanVersionId,
    pub(crate) plan_id: PlanId,
    pub(crate) vendor: OrgId,
    pub(crate) name: String,
    pub(crate) no: i32,
    pub(crate) program: Option<ProgramId>,
    pub(crate) auto_approve: bool,
    pub(crate) from: NaiveDate,
    pub(crate) to: Option<NaiveDate>,
    pub(crate) plan: Plan,
}

impl Version {
    /// Whether sales of the day are its.
    pub(crate) fn covers(&self, day: NaiveDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// The last day of the period on which it counts.
    pub(crate) fn last_day_of(&self, period: Period) -> NaiveDate {
        self.to.map_or(period.end, |to| to.min(period.end))
    }

    /// What it pays.
    pub(crate) fn kind(&self) -> Kind {
        match self.plan.kind() {
            PlanKind::Commission => Kind::Commission,
            PlanKind::Rebate => Kind::Rebate,
            PlanKind::Spiff => Kind::Spiff,
            PlanKind::Bonus => Kind::Bonus,
        }
    }
}

/// Compiled versions of this process. Bounded by what vendors publish: a version is a few kilobytes.
static COMPILED: LazyLock<RwLock<HashMap<PlanVersionId, Plan>>> = LazyLock::new(RwLock::default);
/// At this many the cache begins anew.
const MOST_COMPILED: usize = 10_000;

/// The published versions of the vendors, in the order in which they were published.
///
/// # Errors
/// When the database fails, or a published version can't be read.
pub(crate) async fn published(conn: &mut PgConnection, vendors: &[OrgId]) -> Result<Vec<Arc<Version>>, Problem> {
    let vendors: Vec<Uuid> = vendors.iter().map(|vendor| vendor.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT v.id AS "id: PlanVersionId", v.plan_id AS "plan_id: PlanId", v.vendor_id AS "vendor_id: OrgId", p.name,
                  v.no, p.program_id AS "program_id: ProgramId", p.auto_approve, v.effective_from, v.effective_to
           FROM incentive_plan_version v JOIN incentive_plan p ON p.id = v.plan_id
           WHERE v.vendor_id = ANY($1) AND v.status = 'published' ORDER BY v.id"#,
        &vendors,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<PlanVersionId> = rows.iter().map(|row| row.id).collect();
    let plans = compiled(conn, &ids).await?;
    rows.into_iter()
        .map(|row| {
            let plan = plans.get(&row.id).cloned();
            Ok(Arc::new(Version {
                id: row.id,
                plan_id: row.plan_id,
                vendor: row.vendor_id,
                name: row.name,
                no: row.no,
                program: row.program_id,
                auto_approve: row.auto_approve,
                from: row.effective_from,
                to: row.effective_to,
                plan: plan.ok_or_else(|| Problem::internal("a version of a plan vanished"))?,
            }))
        })
        .collect()
}

async fn compiled(conn: &mut PgConnection, ids: &[PlanVersionId]) -> Result<HashMap<PlanVersionId, Plan>, Problem> {
    let mut plans: HashMap<PlanVersionId, Plan> = {
        let known = COMPILED.read();
        ids.iter()
            .filter_map(|id| Some((*id, known.get(id)?.clone())))
            .collect()
    };
    let missing: Vec<Uuid> = ids
        .iter()
        .filter(|id| !plans.contains_key(id))
        .map(|id| id.uuid())
        .collect();
    if missing.is_empty() {
        return Ok(plans);
    }
    let rows = sqlx::query!(
        r#"SELECT id AS "id: PlanVersionId", spec FROM incentive_plan_version WHERE id = ANY($1)"#,
        &missing
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let plan = Plan::parse(&row.spec)
            .map_err(|faults| Problem::internal(format!("version {} of a plan can't be read: {faults:?}", row.id)))?;
        plans.insert(row.id, plan);
    }
    let mut known = COMPILED.write();
    if known.len() > MOST_COMPILED {
        known.clear();
    }
    known.extend(plans.iter().map(|(id, plan)| (*id, plan.clone())));
    Ok(plans)
}
