use chrono::{Days, NaiveDate};
use guildhall_kernel::{RecalculationId, UserId};
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
    timer,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Recalculation, code, read, run::KIND};
use crate::plans::day;

/// The days of a run.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RecalculationDraft)]
pub(super) struct Asked {
    /// Sales from this day on.
    from: NaiveDate,
    /// The last day.
    to: NaiveDate,
}

impl Validate for Asked {
    fn validate(&self, checks: &mut Checks) {
        checks.check(self.to >= self.from, "/to", "date", "must not be before from");
        day("/from", self.from, checks);
        day("/to", self.to, checks);
    }
}

/// Compute earnings anew
///
/// Goes through the sales of these days in the background and posts what is missing or too much under the versions of the
/// plans that cover them, as lines of their own. A second run posts nothing.
#[utoipa::path(post, path = "/api/v1/incentives/recalculations", operation_id = "startRecalculation", tag = "earnings",
    security(("bearer" = ["plans:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Asked, example = json!({"from": "2026-01-01", "to": "2026-11-23"})),
    responses((status = 201, description = "the run", body = Recalculation, headers(("Location" = String, description = "its address")))))]
pub(super) async fn start_recalculation(
    May { actor, org, .. }: May<right::PlanManage>,
    command: Command<Asked>,
) -> Result<Reply, Problem> {
    let (asked, mut command) = command.take();
    let tx = &mut command.tx;
    let (id, at): (RecalculationId, _) = (tx.new_id(), tx.now());
    let began = asked.from.checked_sub_days(Days::new(1)).unwrap_or(asked.from);
    let started = sqlx::query!(
        "INSERT INTO recalculation (id, vendor_id, from_day, to_day, day, after, started_by, started_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (vendor_id) WHERE status = 'running' DO NOTHING",
        id.uuid(),
        org.id.uuid(),
        asked.from,
        asked.to,
        began,
        Uuid::max(),
        actor.user.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if started.rows_affected() == 0 {
        let detail = "Wait until it is through: GET /api/v1/incentives/recalculations tells.";
        return Err(Problem::new(code::RECALCULATION_RUNNING, detail));
    }
    timer::set(tx, KIND, id, at, &()).await?;
    let run = read(tx, org.id, Some(id), None, 1)
        .await?
        .pop()
        .ok_or_else(Problem::not_found)?;
    command
        .commit(Reply::created(
            &format!("/api/v1/incentives/recalculations/{id}"),
            &run,
        )?)
        .await
}
