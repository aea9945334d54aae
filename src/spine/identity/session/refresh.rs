//! Buying new tokens with a refresh token.

use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Duration, Utc};
use guildhall_kernel::{OrgId, SessionId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    SignedIn, SignedInUser,
    device::Device,
    end::{end_session, sessions_ended},
    open::{access_token, end_of},
    rotation,
    seat::seat,
};
use crate::{
    App,
    db::Tx,
    event::Origin,
    http::{Checks, Problem, ValidJson, Validate, code},
    identity::{events::EndReason, no_store},
    secret::token_hash,
};

/// The refresh token to spend.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Refresh {
    /// The newest one that this device has.
    #[schema(example = "ghr_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E")]
    refresh_token: String,
}

impl Validate for Refresh {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/refresh_token", &self.refresh_token, 1, 200, false);
    }
}

/// Refresh
///
/// Spends the refresh token for a new pair. A client that lost the answer repeats the request within 30 seconds
/// (`auth.refresh_grace_seconds`) and gets the same successor, unless that was spent meanwhile. A spent token that
/// comes at any other time is taken for stolen and ends the session. A user whose membership is gone acts for no
/// organisation: `organisation` is `null` until `POST /api/v1/auth/switch-org` names another, so that nothing is done
/// in the name of one that nobody chose.
#[utoipa::path(post, path = "/api/v1/auth/refresh", operation_id = "refresh", tag = "auth",
    request_body(content = Refresh, example = json!({"refresh_token": "ghr_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E"})),
    responses((status = 200, description = "New tokens", body = SignedIn),
        (status = 401, description = "`invalid_refresh_token`", content_type = "application/problem+json",
            body = ref("#/components/schemas/Problem"))))]
pub(super) async fn refresh(
    State(app): State<App>,
    device: Device,
    ValidJson(body): ValidJson<Refresh>,
) -> Result<impl IntoResponse, Problem> {
    let mut tx = app.db.begin().await?;
    let hash = token_hash(&body.refresh_token);
    let session = hold(&mut tx, &hash).await?;
    let successor = rotation::successor(&app.keyring, &body.refresh_token);
    if !spend(&app, &mut tx, &session, &hash, &token_hash(&successor)).await? {
        return Err(end_reused(&app, tx, &device, &session).await?);
    }
    let seat = match session.org {
        Some(org) => seat(&mut tx, session.user.id, Some(org)).await?,
        None => None,
    };
    let ends = end_of(&app.config.auth, session.created_at, tx.now());
    let used = tx.now();
    sqlx::query!(
        "UPDATE session SET used_at = $2, expires_at = $3, org_id = $4, user_agent = $5, ip = $6::text::inet WHERE id = $1",
        session.id.uuid(),
        used,
        ends,
        seat.as_ref().map(|seat| seat.id.uuid()),
        device.user_agent,
        device.context.ip.to_string(),
    )
    .execute(&mut *tx)
    .await?;
    let (access_token, expires_in) = access_token(&app, session.user.id, session.id, seat.as_ref(), ends)?;
    tx.commit().await?;
    Ok(no_store(SignedIn {
        access_token,
        token_type: "Bearer",
        refresh_token: successor,
        expires_in,
        user: session.user,
        organisation: seat,
        session_id: session.id,
    }))
}

struct Held {
    id: SessionId,
    user: SignedInUser,
    org: Option<OrgId>,
    created_at: DateTime<Utc>,
}

/// Holds the token's session, so that two refreshes come one after the other.
async fn hold(tx: &mut Tx, hash: &[u8; 32]) -> Result<Held, Problem> {
    let now = tx.now();
    let row = sqlx::query!(
        r#"SELECT s.id, s.org_id, s.created_at, u.id AS user_id, u.name, u.email
           FROM session s JOIN user_account u ON u.id = s.user_id
           WHERE s.id = (SELECT session_id FROM refresh_token WHERE hash = $1)
             AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.status = 'active'
           FOR UPDATE OF s"#,
        hash.as_slice(),
        now
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| refused("It is unknown, or its session has ended: log in again."))?;
    Ok(Held {
        id: row.id.into(),
        user: SignedInUser {
            id: row.user_id.into(),
            name: row.name,
            email: row.email,
        },
        org: row.org_id.map(OrgId::from),
        created_at: row.created_at,
    })
}

fn refused(detail: &str) -> Problem {
    Problem::new(code::INVALID_REFRESH_TOKEN, detail)
}

/// Marks the token spent and lets its successor in; `false` when it was spent before and this is no repeat. The
/// session is held, so what is read here is what the refresh before has committed.
async fn spend(app: &App, tx: &mut Tx, session: &Held, hash: &[u8; 32], successor: &[u8; 32]) -> Result<bool, Problem> {
    let now = tx.now();
    let token = sqlx::query!(
        r#"SELECT used_at, EXISTS (SELECT FROM refresh_token n WHERE n.hash = $2 AND n.used_at IS NULL) AS "fresh!"
           FROM refresh_token WHERE hash = $1"#,
        hash.as_slice(),
        successor.as_slice()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| refused("It is unknown: log in again."))?;
    if let Some(used) = token.used_at {
        let grace = Duration::seconds(app.config.auth.refresh_grace_seconds);
        return Ok(token.fresh && now - used <= grace);
    }
    sqlx::query!(
        "WITH spent AS (UPDATE refresh_token SET used_at = $3 WHERE hash = $1)
         INSERT INTO refresh_token (hash, session_id, issued_at) VALUES ($2, $4, $3)",
        hash.as_slice(),
        successor.as_slice(),
        now,
        session.id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// Ends the session of a token that came a second time: either the device or a thief holds its successor.
async fn end_reused(app: &App, mut tx: Tx, device: &Device, session: &Held) -> Result<Problem, Problem> {
    let origin = Origin {
        session_id: Some(session.id),
        ..device.context.origin()
    };
    end_session(
        &mut tx,
        &origin,
        session.user.id,
        session.id,
        EndReason::RefreshTokenReused,
    )
    .await?;
    tx.commit().await?;
    sessions_ended(app, &[session.id]);
    Ok(refused(
        "It was used before, so the session was ended in case it was stolen: log in again.",
    ))
}
