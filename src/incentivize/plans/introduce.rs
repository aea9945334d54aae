//! A plan in one step, for other pillars.

use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanId};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::{Checks, Problem},
};
use serde_json::Value;

use super::close::wake_at_end;
use super::events::{PlanNow, PlanPublished};
use super::publish::put_in_force;
use super::rows::{self, Draft};
use super::{kind_of, named, terms};

/// A plan to be made and published.
#[derive(Clone, Debug)]
pub struct Introduction<'a> {
    /// Its name, unique with the vendor.
    pub name: &'a str,
    /// Whether what is earned needs nobody's approval.
    pub auto_approve: bool,
    /// Sales from this day on: today or later.
    pub from: NaiveDate,
    /// What is paid for what, as in `POST /api/v1/incentives/plans`.
    pub spec: &'a Value,
    /// What it is about.
    pub note: &'a str,
}

/// Makes a plan of the vendor and publishes it, as part of `tx`, for the person of `origin`.
///
/// # Errors
/// 422 with what is wrong with its terms, 409 `already_exists` and `version_in_past`.
pub async fn introduce(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    plan: &Introduction<'_>,
) -> Result<PlanId, Problem> {
    let mut checks = Checks::default();
    named::check(tx, vendor, "/spec", plan.spec, &mut checks).await?;
    let kind = terms("/spec", plan.spec, &mut checks).map(|terms| kind_of(terms.kind()));
    checks.done()?;
    let kind = kind.ok_or_else(|| Problem::internal("a plan that can't be read has no fault"))?;
    let id = rows::insert(tx, vendor, (plan.name, kind), None, plan.auto_approve).await?;
    let draft = Draft {
        from: plan.from,
        to: None,
        spec: plan.spec,
        note: Some(plan.note),
        by: origin.user_id,
    };
    rows::put_draft(tx, vendor, id, &draft).await?;
    let published = put_in_force(tx, id, origin.user_id).await?;
    wake_at_end(tx, vendor, published).await?;
    let told = PlanPublished(PlanNow::from(&rows::own(tx, vendor, id).await?));
    event::append(tx, origin, id, &[vendor.uuid()], &told).await?;
    Ok(id)
}
