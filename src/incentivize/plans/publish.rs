use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanId, PlanVersionId, UserId};
use guildhall_plans::{Period, Plan as Terms, PlanKind};
use guildhall_spine::{
    db::Tx,
    event,
    http::{Checks, Command, IfMatch, Problem, Reply},
};

use super::access::ManagedPlan;
use super::close::wake_at_end;
use super::events::{PlanNow, PlanPublished};
use super::{Plan, code, rows, terms};
use crate::accruals::book;
use crate::nothing::Nothing;

/// Publish the draft of a plan
///
/// From its first day on it is in force: that day can't lie in the past, since what was sold then stays with the version of
/// then. A version without end ends the day before; one with a last day of its own that lies in the new one's days answers
/// 409 `versions_overlap`. Where periods count (bands, goals, contests, caps of a period), each is counted under one version:
/// a version that begins in the midst of one, or with a true-up of a fiscal year, answers 409 `period_begun`. Budget and
/// first sales go on counting.
#[utoipa::path(post, path = "/api/v1/incentives/plans/{id}/publish", operation_id = "publishPlan", tag = "incentive plans",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the plan", example = "plan_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the plan with the draft that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the plan", body = Plan, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn publish_plan(
    ManagedPlan { actor, vendor, id }: ManagedPlan,
    if_match: IfMatch,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let (version, _) = rows::lock(tx, vendor, id).await?;
    if_match.check(version)?;
    let published = put_in_force(tx, id, actor.user).await?;
    wake_at_end(tx, vendor, published).await?;
    rows::touch(tx, id).await?;
    let plan = rows::own(tx, vendor, id).await?;
    event::append(
        tx,
        &actor.origin(),
        id,
        &[vendor.uuid()],
        &PlanPublished(PlanNow::from(&plan)),
    )
    .await?;
    command.commit(Reply::ok(&plan)?.version(plan.version)).await
}

/// Publishes the draft of a plan, whose row is held; returns its id.
pub(super) async fn put_in_force(tx: &mut Tx, id: PlanId, by: Option<UserId>) -> Result<PlanVersionId, Problem> {
    let draft = sqlx::query!(
        r#"SELECT id AS "id: PlanVersionId", vendor_id AS "vendor_id: OrgId", effective_from, effective_to, spec
           FROM incentive_plan_version WHERE plan_id = $1 AND status = 'draft'"#,
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Problem::new(code::NO_DRAFT, "Write a draft first, with PUT …/draft."))?;
    let (at, today) = (tx.now(), tx.now().date_naive());
    if draft.effective_from < today {
        let detail = format!(
            "The draft begins on {}: let it begin today, {today}, or later.",
            draft.effective_from
        );
        return Err(Problem::new(code::VERSION_IN_PAST, detail));
    }
    let mut checks = Checks::default();
    let terms = terms("/spec", &draft.spec, &mut checks);
    checks.done()?;
    let terms = terms.ok_or_else(|| Problem::internal("a plan that can't be read has no fault"))?;
    let days = (draft.effective_from, draft.effective_to);
    if terms.kind() == PlanKind::Rebate && draft.effective_to.is_none() && terms.period(today) == Period::always() {
        let detail = "A rebate over the whole plan is calculated at its end: give the draft effective_to.";
        return Err(Problem::new(code::LAST_DAY_NEEDED, detail));
    }
    make_room(tx, id, days).await?;
    keep_periods_whole(tx, draft.vendor_id, id, &terms, days).await?;
    sqlx::query!(
        "UPDATE incentive_plan_version SET status = 'published', published_by = $2, published_at = $3, updated_at = $3,
                version = version + 1 WHERE id = $1",
        draft.id.uuid(),
        by.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(draft.id)
}

/// Refuses days that count together with days of another version: its totals would begin anew, and the same goal or contest
/// would be paid twice. Reads published versions only, which never change: the draft's terms aren't kept as compiled.
async fn keep_periods_whole(
    tx: &mut Tx,
    vendor: OrgId,
    id: PlanId,
    terms: &Terms,
    (from, to): (NaiveDate, Option<NaiveDate>),
) -> Result<(), Problem> {
    let published = book::published(tx, &[vendor]).await?;
    for other in published.iter().filter(|version| version.plan_id == id) {
        let (until, begins) = if from < other.from {
            (to, other.from)
        } else {
            (other.to, from)
        };
        for plan in [terms, &other.plan] {
            let Some(period) = plan.counted_together(begins) else {
                continue;
            };
            if until.is_some_and(|until| until < period.start) {
                continue;
            }
            let detail = match period.end.succ_opt().filter(|_| period != Period::always()) {
                Some(next) => format!(
                    "The days from {} to {} count together, and version {} has some of them: let the later one begin on {next}.",
                    period.start, period.end, other.no
                ),
                None => format!(
                    "All days of the plan count together, and version {} has some of them: end it and make another plan.",
                    other.no
                ),
            };
            return Err(Problem::new(code::PERIOD_BEGUN, detail));
        }
    }
    Ok(())
}

/// Ends the version without end before the days begin, and refuses days that another has.
async fn make_room(tx: &mut Tx, id: PlanId, (from, to): (NaiveDate, Option<NaiveDate>)) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE incentive_plan_version SET effective_to = $2 - 1, updated_at = $3
         WHERE plan_id = $1 AND status = 'published' AND effective_to IS NULL AND effective_from < $2",
        id.uuid(),
        from,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let other = sqlx::query!(
        "SELECT no, effective_from, effective_to FROM incentive_plan_version
         WHERE plan_id = $1 AND status = 'published'
           AND daterange(effective_from, effective_to, '[]') && daterange($2, $3, '[]') LIMIT 1",
        id.uuid(),
        from,
        to,
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(other) = other {
        let until = other
            .effective_to
            .map_or_else(|| "without end".to_owned(), |to| format!("until {to}"));
        let detail = format!(
            "Version {} is in force from {} {until}: choose other days.",
            other.no, other.effective_from
        );
        return Err(Problem::new(code::VERSIONS_OVERLAP, detail));
    }
    Ok(())
}
