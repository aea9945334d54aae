//! `POST /api/v1/live/tickets`: entrance for browsers, whose WebSocket can't send an Authorization header.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    http::{Problem, code},
    identity::{Actor, Standing},
    secret::token_hash,
};

const SECONDS: i64 = 30;

/// A ticket for one socket.
#[derive(Serialize, ToSchema)]
pub(super) struct Ticket {
    /// To be sent as `?ticket=`, once.
    #[schema(example = "ght_1sZ5r1pWc7kq0F3d9E4vJ9tq1cQm0m3bXwJt0y5n8Jm")]
    ticket: String,
    /// When it is no longer taken: 30 seconds from now.
    expires_at: DateTime<Utc>,
}

/// Get a ticket for a live socket
///
/// Good for one `GET /api/v1/live?ticket=` within 30 seconds, for the organisation that the token acts for.
#[utoipa::path(post, path = "/api/v1/live/tickets", operation_id = "createLiveTicket", tag = "live",
    security(("bearer" = [])), responses((status = 201, description = "A ticket", body = Ticket)))]
pub(super) async fn create_ticket(State(app): State<App>, actor: Actor) -> Result<impl IntoResponse, Problem> {
    actor.require_user()?;
    let Some(session) = actor.session else {
        return Err(Problem::internal("a user without a session"));
    };
    let ticket = format!("ght_{}", app.entropy.token());
    let (hash, expires_at) = (token_hash(&ticket), app.clock.now() + Duration::seconds(SECONDS));
    sqlx::query!(
        "INSERT INTO live_ticket (hash, session_id, org_id, token_expires_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        hash.as_slice(),
        session.uuid(),
        actor.org.map(|org| org.id.uuid()),
        actor.expires_at,
        expires_at,
    )
    .execute(app.db.pool())
    .await?;
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, headers, Json(Ticket { ticket, expires_at })))
}

/// Whom a ticket stands for; it is used up.
pub(super) async fn spend(app: &App, ticket: &str) -> Result<Arc<Standing>, Problem> {
    let refused = || {
        Problem::new(
            code::UNAUTHENTICATED,
            "The ticket is unknown, used or too old: get a new one.",
        )
    };
    let hash = token_hash(ticket);
    let row = sqlx::query!(
        "DELETE FROM live_ticket t USING session s
         WHERE t.hash = $1 AND t.expires_at > $2 AND s.id = t.session_id
         RETURNING t.session_id, s.user_id, t.org_id, t.token_expires_at",
        hash.as_slice(),
        app.clock.now()
    )
    .fetch_optional(app.db.pool())
    .await?
    .ok_or_else(refused)?;
    let org = row.org_id.map(Into::into);
    let standing = app
        .identity
        .standing_of(
            &app.db,
            row.user_id.into(),
            row.session_id.into(),
            org,
            row.token_expires_at,
        )
        .await?;
    standing.ok_or_else(refused)
}
