//! The attempts at one message.

use axum::extract::State;
use chrono::{DateTime, Utc};
use guildhall_kernel::WebhookMessageId;
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::access::OwnMessage;

/// An attempt at a message.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookAttempt {
    /// Which one, from 1 on.
    #[schema(example = 1)]
    no: i32,
    /// When it began.
    at: DateTime<Utc>,
    /// How long it took, in milliseconds.
    #[schema(example = 120)]
    duration_ms: i32,
    /// The receiver's status, when it answered.
    #[schema(example = 503)]
    status: Option<i16>,
    /// What went wrong; `null` when the message was taken.
    #[schema(example = "status")]
    error: Option<String>,
    /// The first 1024 bytes of the answer.
    #[schema(example = "try again later")]
    response: Option<String>,
}

/// The attempts at a webhook message
///
/// In the order they were made.
#[utoipa::path(get, path = "/api/v1/webhook-messages/{id}/attempts", operation_id = "listWebhookAttempts", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookMessageId, Path, description = "the message"), PageQuery),
    responses((status = 200, description = "a page of attempts", body = Page<WebhookAttempt>)))]
pub(super) async fn list_webhook_attempts(
    State(app): State<App>,
    OwnMessage { message, .. }: OwnMessage,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<WebhookAttempt>, Problem> {
    let scope = format!("webhook-attempts {}", message.id);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let found = sqlx::query_as!(
        WebhookAttempt,
        "SELECT no, at, duration_ms, status, error, response FROM webhook_attempt
         WHERE message_id = $1 AND no > $2 ORDER BY no LIMIT $3",
        message.id.uuid(),
        paging.after.unwrap_or(0),
        paging.fetch()
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, found, |one| one.no, |one| one))
}
