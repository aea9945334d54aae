use guildhall_kernel::entity;
use guildhall_spine::{
    access::{May, right},
    http::{Command, PathId, Problem, Reply},
    timer,
};

use super::{read, run::KIND};
use crate::nothing::Nothing;

/// Cancel a run that computes earnings anew
///
/// What it has posted so far stays: those are differences that were missing. A run that is over is answered as it is.
#[utoipa::path(post, path = "/api/v1/incentives/recalculations/{id}/cancel", operation_id = "cancelRecalculation", tag = "earnings",
    security(("bearer" = ["plans:manage"])),
    params(
        ("id" = String, Path, description = "the run", example = "recalc_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the run after it", body = super::Recalculation)))]
pub(super) async fn cancel_recalculation(
    May { org, .. }: May<right::PlanManage>,
    PathId(id): PathId<entity::Recalculation>,
    command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (_, mut command) = command.take();
    let tx = &mut command.tx;
    let at = tx.now();
    let cancelled = sqlx::query!(
        "UPDATE recalculation SET status = 'cancelled', ended_at = $3
         WHERE id = $1 AND vendor_id = $2 AND status = 'running'",
        id.uuid(),
        org.id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if cancelled.rows_affected() == 1 {
        timer::clear(tx, KIND, id).await?;
    }
    let run = read(tx, org.id, Some(id), None, 1).await?.pop();
    command.commit(Reply::ok(&run.ok_or_else(Problem::not_found)?)?).await
}
