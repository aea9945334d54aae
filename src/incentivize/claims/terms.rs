//! The plan that a claim is under: whether it takes the claim, and what it calls the activity.

use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanId};
use guildhall_onboard::api::active_partnership;
use guildhall_plans::{PlanTerms, Trigger};
use guildhall_spine::{
    db::Tx,
    http::{Checks, Problem},
};
use sqlx::PgConnection;

use crate::accruals::book::{self, Version};

/// What an activity is called under a plan that names none.
const ANY_ACTIVITY: &str = "spiff_claim";

/// The terms of a plan on a day.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) vendor: OrgId,
    /// What the activities are called that the plan pays for.
    activities: Vec<String>,
}

/// The published version of a plan that covers the day.
pub(super) async fn in_force(
    conn: &mut PgConnection,
    vendor: OrgId,
    plan: PlanId,
    day: NaiveDate,
) -> Result<Option<Arc<Version>>, Problem> {
    let versions = book::published(conn, &[vendor]).await?;
    Ok(versions
        .into_iter()
        .find(|version| version.plan_id == plan && version.covers(day)))
}

/// The terms under which the partner claims; notes in `checks` why there are none.
pub(super) async fn find(
    tx: &mut Tx,
    partner: OrgId,
    plan: PlanId,
    day: NaiveDate,
    checks: &mut Checks,
) -> Result<Option<Terms>, Problem> {
    let of = sqlx::query_scalar!(
        r#"SELECT vendor_id AS "vendor_id: OrgId" FROM incentive_plan WHERE id = $1"#,
        plan.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    let partnership = match of {
        Some(vendor) => active_partnership(tx, vendor, partner).await?,
        None => None,
    };
    let (Some(vendor), Some(partnership)) = (of, partnership) else {
        checks.refuse("/plan_id", "unknown", "is no plan that your company can claim under");
        return Ok(None);
    };
    let Some(version) = in_force(tx, vendor, plan, day).await? else {
        checks.refuse("/done_on", "not_in_force", "is no day of the plan");
        return Ok(None);
    };
    let named = &version.plan.spec().common.eligible.partners;
    let excluded = !named.is_empty() && !named.contains(&partner);
    if excluded || version.program.is_some_and(|program| program != partnership.program) {
        checks.refuse("/plan_id", "unknown", "is no plan that your company can claim under");
        return Ok(None);
    }
    let PlanTerms::Spiff(spiff) = &version.plan.spec().terms else {
        checks.refuse("/plan_id", "no_claims", "is no SPIFF: it pays by itself");
        return Ok(None);
    };
    if !version.plan.needs_proof() || version.plan.trigger() != Trigger::Activity {
        checks.refuse(
            "/plan_id",
            "no_claims",
            "takes no claims: only a SPIFF for activities with proof does",
        );
        return Ok(None);
    }
    let activities = spiff.when.activities.clone();
    Ok(Some(Terms { vendor, activities }))
}

impl Terms {
    /// What the plan calls what was done; notes in `checks` when it pays for nothing of that name.
    pub(super) fn activity(&self, named: Option<&str>, checks: &mut Checks) -> String {
        match (named, self.activities.as_slice()) {
            (Some(named), []) => named.to_owned(),
            (Some(named), known) if known.iter().any(|one| one == named) => named.to_owned(),
            (None, []) => ANY_ACTIVITY.to_owned(),
            (None, [only]) => only.clone(),
            (_, known) => {
                checks.refuse("/activity", "unknown", format!("must be one of: {}", known.join(", ")));
                String::new()
            }
        }
    }
}
