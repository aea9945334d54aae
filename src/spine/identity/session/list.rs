//! Where the user is logged in.

use axum::extract::State;
use chrono::{DateTime, Utc};
use guildhall_kernel::SessionId;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
    identity::Actor,
};

/// A device on which the user is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Session {
    /// Its id.
    #[schema(value_type = String, example = "ses_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    id: SessionId,
    /// What the client called itself when it was last heard of.
    #[schema(example = "Guildhall/1.4 (iPhone; iOS 19.1)")]
    user_agent: Option<String>,
    /// The address it was last heard of from.
    #[schema(example = "203.0.113.7")]
    ip: Option<String>,
    /// Whether a second factor was given.
    mfa: bool,
    /// When it logged in.
    created_at: DateTime<Utc>,
    /// When it last logged in or refreshed its tokens.
    used_at: DateTime<Utc>,
    /// When it has to log in again unless it is used before.
    expires_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    current: bool,
}

/// Sessions
///
/// The devices on which the user is logged in, newest first.
#[utoipa::path(get, path = "/api/v1/auth/sessions", operation_id = "listSessions", tag = "auth",
    security(("bearer" = [])), params(PageQuery),
    responses((status = 200, description = "A page of sessions", body = Page<Session>)))]
pub(super) async fn list(
    State(app): State<App>,
    actor: Actor,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<Page<Session>, Problem> {
    let user = actor.require_user()?;
    let scope = format!("sessions {user}");
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let now = app.clock.now();
    let rows = sqlx::query_as!(
        Session,
        r#"SELECT id AS "id: SessionId", user_agent, host(ip) AS ip, mfa, created_at, used_at, expires_at,
                  id = $3 AS "current!"
           FROM session
           WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND ($4::uuid IS NULL OR id < $4)
           ORDER BY id DESC LIMIT $5"#,
        user.uuid(),
        now,
        actor.session.map(SessionId::uuid),
        paging.after,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}
