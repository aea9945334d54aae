use async_trait::async_trait;
use chrono::{NaiveDate, NaiveTime};
use guildhall_kernel::{OrgId, PlanVersionId};
use guildhall_plans::Period;
use guildhall_spine::{
    App,
    db::Tx,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    timer::{self, Due, Next, Timer},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::ManagedPlan;
use super::{code, rows};
use crate::accruals::{book, closing};

const KIND: &str = "plan_period";

/// The period to be closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = IncentivePlanClose)]
pub(super) struct Asked {
    /// A day of the period.
    on: NaiveDate,
}

impl Validate for Asked {
    fn validate(&self, _: &mut Checks) {}
}

/// What closing a period brought.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IncentivePlanClosed)]
pub(super) struct Closed {
    /// How many lines were posted.
    #[schema(example = 3)]
    lines: usize,
}

/// Close a period of a plan
///
/// Posts the prizes of a contest, and what the year brought more than its quarters. It happens by itself when the days of
/// grace and calculation are over; doing it again after a late sale posts the difference.
#[utoipa::path(post, path = "/api/v1/incentives/plans/{id}/close", operation_id = "closePlanPeriod", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Asked, example = json!({"on": "2026-11-20"})),
    responses((status = 200, description = "what it brought", body = Closed)))]
pub(super) async fn close_plan_period(
    ManagedPlan { vendor, id, .. }: ManagedPlan,
    if_match: IfMatch,
    command: Command<Asked>,
) -> Result<Reply, Problem> {
    let (asked, mut command) = command.take();
    let tx = &mut command.tx;
    let (version, _) = rows::lock(tx, vendor, id).await?;
    if_match.check(version)?;
    let versions = book::published(tx, &[vendor]).await?;
    let version = versions
        .iter()
        .find(|version| version.plan_id == id && version.covers(asked.on));
    let Some(version) = version else {
        return Err(Problem::field(
            "/on",
            "not_in_force",
            "no version of the plan is in force on that day",
        ));
    };
    let closes = closing::closes_on(version, asked.on);
    if closes > tx.now().date_naive() {
        let detail =
            format!("The period can be closed from {closes} on, when its days of grace and calculation are over.");
        return Err(Problem::new(code::PERIOD_OPEN, detail));
    }
    let lines = closing::close(tx, version, asked.on).await?;
    command.commit(Reply::ok(&Closed { lines })?).await
}

/// Closes periods when their day has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClosePeriods;

/// What a deadline is about.
#[derive(Debug, Serialize, Deserialize)]
struct Noted {
    vendor: OrgId,
    /// A day of the period.
    on: NaiveDate,
}

#[async_trait]
impl Timer for ClosePeriods {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        let noted: Noted = serde_json::from_value(due.data.clone()).map_err(Problem::internal)?;
        let id: PlanVersionId = due.subject.into();
        let versions = book::published(tx, &[noted.vendor]).await?;
        let Some(version) = versions.iter().find(|version| version.id == id) else {
            return Ok(Next::Done);
        };
        closing::close(tx, version, noted.on).await?;
        let next = version.plan.period(noted.on).end.succ_opt();
        let Some(on) = next.filter(|day| version.covers(*day)) else {
            return Ok(Next::Done);
        };
        let at = closing::closes_on(version, on).and_time(NaiveTime::MIN).and_utc();
        let noted = Noted { on, ..noted };
        Ok(Next::At(at, serde_json::to_value(noted).map_err(Problem::internal)?))
    }
}

/// Sets the deadline of a version's first period, where its end brings anything.
///
/// # Errors
/// When the database fails.
pub(super) async fn wake_at_end(tx: &mut Tx, vendor: OrgId, id: PlanVersionId) -> Result<(), Problem> {
    let versions = book::published(tx, &[vendor]).await?;
    let Some(version) = versions
        .iter()
        .find(|version| version.id == id && closing::has_end(version))
    else {
        return Ok(());
    };
    let closes = closing::closes_on(version, version.from);
    // A plan without end that counts over its whole life closes when it is ended.
    if version.to.is_none() && version.plan.period(version.from) == Period::always() {
        return Ok(());
    }
    let noted = Noted {
        vendor,
        on: version.from,
    };
    timer::set(tx, KIND, id, closes.and_time(NaiveTime::MIN).and_utc(), &noted).await
}
