//! Noting what came of an attempt, and what follows from it.

use chrono::{DateTime, Utc};
use guildhall_onboard::api::leaders_addresses;
use guildhall_spine::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    mail,
};
use url::Url;

use super::{
    events::EndpointDisabled,
    letters::DisabledLetter,
    queue::{Due, Taken},
    schedule,
    send::Outcome,
};

/// Notes the attempt in the log, and decides what becomes of the message and of the endpoint. Whoever was slower than its
/// lease finds the message moved on, and changes nothing. Returns whether the endpoint is still on.
pub(super) async fn note(
    app: &App,
    endpoint: &Taken,
    message: &Due,
    at: DateTime<Utc>,
    outcome: &Outcome,
) -> Result<bool, Problem> {
    let mut tx = app.db.begin().await?;
    let Some(held) = sqlx::query!(
        "SELECT enabled, failing_since FROM webhook_endpoint WHERE id = $1 FOR NO KEY UPDATE",
        endpoint.id.uuid()
    )
    .fetch_optional(&mut *tx)
    .await?
    else {
        return Ok(false);
    };
    if !settle(app, &mut tx, message, at, outcome).await? {
        return Ok(held.enabled);
    }
    let now = tx.now();
    let failing_since = outcome.error.map(|_| held.failing_since.unwrap_or(at));
    if failing_since != held.failing_since {
        sqlx::query!(
            "UPDATE webhook_endpoint SET failing_since = $2 WHERE id = $1",
            endpoint.id.uuid(),
            failing_since
        )
        .execute(&mut *tx)
        .await?;
    }
    let reason = match outcome.error {
        Some("gone") => Some("gone"),
        Some(_) if failing_since.is_some_and(|since| now - since >= schedule::PATIENCE) => Some("failing"),
        _ => None,
    };
    let mut on = held.enabled;
    if let Some(reason) = reason.filter(|_| on) {
        disable(app, &mut tx, endpoint, reason).await?;
        on = false;
    }
    tx.commit().await?;
    Ok(on)
}

/// Moves the message on, and writes the attempt down.
async fn settle(
    app: &App,
    tx: &mut Tx,
    message: &Due,
    at: DateTime<Utc>,
    outcome: &Outcome,
) -> Result<bool, sqlx::Error> {
    let now = tx.now();
    let next = match outcome.error {
        None | Some("gone") => None,
        Some(_) => {
            schedule::pause(message.series.saturating_add(1), outcome.wish, &app.entropy).map(|pause| now + pause)
        }
    };
    let becomes = match (outcome.error, next) {
        (None, _) => "delivered",
        (Some(_), Some(_)) => "waiting",
        (Some(_), None) => "failed",
    };
    let status = outcome.status.and_then(|status| i16::try_from(status.as_u16()).ok());
    let moved = sqlx::query!(
        "WITH moved AS (
             UPDATE webhook_message
             SET outcome = $3, due_at = $4, tries = tries + 1, series = series + 1, last_status = $5, last_error = $6,
                 finished_at = CASE WHEN $3 = 'waiting' THEN NULL ELSE $7::timestamptz END
             WHERE id = $1 AND tries = $2 AND outcome = 'waiting'
             RETURNING id, tries
         )
         INSERT INTO webhook_attempt (message_id, no, at, duration_ms, status, error, response)
         SELECT id, tries, $8, $9, $5, $6, $10 FROM moved",
        message.id.uuid(),
        message.tries,
        becomes,
        next,
        status,
        outcome.error,
        now,
        at,
        i32::try_from(outcome.took.as_millis()).unwrap_or(i32::MAX),
        outcome.response
    )
    .execute(&mut **tx)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Switches a locked endpoint off, and tells those who lead the organisation.
async fn disable(app: &App, tx: &mut Tx, endpoint: &Taken, reason: &'static str) -> Result<(), Problem> {
    let now = tx.now();
    let off = sqlx::query!(
        "UPDATE webhook_endpoint SET enabled = false, off_because = $2, version = version + 1, updated_at = $3
         WHERE id = $1 RETURNING description",
        endpoint.id.uuid(),
        reason,
        now
    )
    .fetch_one(&mut **tx)
    .await?;
    let disabled = EndpointDisabled {
        webhook_endpoint_id: endpoint.id,
        organisation_id: endpoint.org,
        reason,
    };
    event::append(tx, &Origin::default(), endpoint.id, &[endpoint.org.uuid()], &disabled).await?;
    let url = Url::parse(&endpoint.url).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let root = app.config.http.public_url.trim_end_matches('/');
    let letter = DisabledLetter {
        endpoint: off.description.as_deref().unwrap_or(host),
        gone: reason == "gone",
        link: &format!("{root}/webhooks/{}", endpoint.id),
    };
    for address in leaders_addresses(tx, endpoint.org).await? {
        mail::queue(tx, &address, &letter).await?;
    }
    Ok(())
}
