use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, UserId};
use guildhall_spine::{
    App, event,
    http::{self, Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::record_progress;
use crate::deals::access::{EditableDeal, VisibleDeal};
use crate::deals::history::{Entry, note};
use crate::deals::notices::DealProgressRecorded;
use crate::deals::rows;
use crate::deals::state::DealStatus;

/// What the partner did for the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealProgressBody {
    /// What was done, 1 to 2000 characters.
    #[schema(example = "Workshop with the plant managers; they want a pilot.")]
    text: String,
    /// What comes next, 1 to 500 characters.
    #[serde(default)]
    #[schema(example = "Send the pilot's offer.")]
    next_step: Option<String>,
    /// When.
    #[serde(default)]
    next_step_on: Option<NaiveDate>,
}

impl Validate for DealProgressBody {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/text", &self.text, 1, 2000, true);
        if let Some(step) = &self.next_step {
            checks.text("/next_step", step, 1, 500, true);
        }
    }
}

/// An entry of a deal's progress.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct DealProgress {
    /// Its number among the deal's entries, from 1.
    #[schema(example = 1)]
    no: i32,
    /// What was done.
    text: String,
    /// What comes next.
    next_step: Option<String>,
    /// When.
    next_step_on: Option<NaiveDate>,
    /// Who recorded it; `null` for an integration.
    recorded_by: Option<UserId>,
    /// When.
    recorded_at: DateTime<Utc>,
}

/// Record progress on a deal
///
/// For the partner, on an approved deal: it keeps the protection from lapsing. The vendor sees it.
#[utoipa::path(post, path = "/api/v1/deals/{id}/progress", operation_id = "recordDealProgress", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealProgressBody, example = json!({"text": "Workshop held; they want a pilot.", "next_step": "Send the offer."})),
    responses((status = 201, description = "the entry", body = DealProgress, headers(("Location" = String)))))]
pub(in crate::deals) async fn record_deal_progress(
    EditableDeal(reached): EditableDeal,
    command: Command<DealProgressBody>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    if deal.status != DealStatus::Approved {
        let detail = format!("The deal is {}: progress is recorded on approved deals.", deal.status);
        return Err(Problem::new(http::code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    let now = tx.now();
    let entry = sqlx::query_as!(
        DealProgress,
        r#"INSERT INTO deal_progress (deal_id, no, text, next_step, next_step_on, recorded_by, recorded_at)
           SELECT $1, coalesce(max(no), 0) + 1, $2, $3, $4, $5, $6 FROM deal_progress WHERE deal_id = $1
           RETURNING no, text, next_step, next_step_on, recorded_by AS "recorded_by: UserId", recorded_at"#,
        deal.id.uuid(),
        body.text,
        body.next_step,
        body.next_step_on,
        reached.actor.user.map(UserId::uuid),
        now,
    )
    .fetch_one(&mut **tx)
    .await?;
    record_progress(tx, deal.id).await?;
    let step = Entry {
        said: Some(&entry.text),
        ..Entry::of("progress_recorded")
    };
    note(tx, deal.id, &reached.actor.origin(), step).await?;
    let recorded = DealProgressRecorded {
        deal_id: deal.id,
        vendor_id: deal.vendor_id,
        partner_id: deal.partner_id,
        no: entry.no,
        text: entry.text.clone(),
    };
    let audiences = [deal.vendor_id.uuid(), deal.partner_id.uuid()];
    event::append(tx, &reached.actor.origin(), deal.id, &audiences, &recorded).await?;
    let reply = Reply::created(&format!("/api/v1/deals/{}/progress", deal.id), &entry)?;
    command.commit(reply).await
}

/// List a deal's progress
///
/// The latest first. For both sides.
#[utoipa::path(get, path = "/api/v1/deals/{id}/progress", operation_id = "listDealProgress", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of entries", body = Page<DealProgress>)))]
pub(in crate::deals) async fn list_deal_progress(
    State(app): State<App>,
    deal: VisibleDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let id: DealId = deal.view.id;
    let paging = Paging::<i32>::new(
        &app.cursors,
        format!("deal progress {id}"),
        query.limit,
        query.cursor.as_deref(),
    )?;
    let entries = sqlx::query_as!(
        DealProgress,
        r#"SELECT no, text, next_step, next_step_on, recorded_by AS "recorded_by: UserId", recorded_at
           FROM deal_progress WHERE deal_id = $1 AND no < $2 ORDER BY no DESC LIMIT $3"#,
        id.uuid(),
        paging.after.unwrap_or(i32::MAX),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, entries, |entry| entry.no, |entry| entry))
}
