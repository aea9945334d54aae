//! Opening a session, and making its access tokens.

use chrono::{DateTime, Duration, Utc};
use guildhall_kernel::{SessionId, UserId};

use super::{Seat, SignedIn, SignedInUser, device::Device, rotation};
use crate::{
    App,
    config::AuthConfig,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    identity::{
        Claims,
        events::{Method, SessionStarted},
    },
    secret::token_hash,
};

/// When a session begun at `created` and used at `used` ends.
pub(super) fn end_of(config: &AuthConfig, created: DateTime<Utc>, used: DateTime<Utc>) -> DateTime<Utc> {
    (created + Duration::days(config.session_max_days)).min(used + Duration::days(config.session_idle_days))
}

/// An access token and the seconds that it lives. It never outlives the session, which ends at `session_ends`.
pub(super) fn access_token(
    app: &App,
    user: UserId,
    session: SessionId,
    seat: Option<&Seat>,
    session_ends: DateTime<Utc>,
) -> Result<(String, i64), Problem> {
    let now = app.clock.now().timestamp();
    let expires_in = app.config.auth.access_token_seconds.min(session_ends.timestamp() - now);
    let claims = Claims {
        iss: app.identity.keys.issuer().to_owned(),
        aud: Claims::AUDIENCE.to_owned(),
        sub: user,
        sid: session,
        org: seat.map(|seat| seat.id),
        kind: seat.map(|seat| seat.kind),
        role: seat.map(|seat| seat.role.clone()),
        iat: now,
        exp: now + expires_in,
    };
    Ok((app.identity.keys.sign(&claims)?, expires_in))
}

/// Opens a session as part of `tx`. The caller holds the user's row, so that the session can't slip past a change of
/// password that ends the others.
pub(super) async fn open(
    app: &App,
    tx: &mut Tx,
    device: &Device,
    user: SignedInUser,
    organisation: Option<Seat>,
    method: Method,
) -> Result<SignedIn, Problem> {
    let session_id: SessionId = tx.new_id();
    let now = tx.now();
    let ends = end_of(&app.config.auth, now, now);
    let refresh_token = rotation::first(tx.entropy());
    let hash = token_hash(&refresh_token);
    sqlx::query!(
        "WITH opened AS (
             INSERT INTO session (id, user_id, org_id, user_agent, ip, mfa, created_at, used_at, expires_at)
             VALUES ($1, $2, $3, $4, $5::text::inet, $6, $7, $7, $8)
             RETURNING id
         )
         INSERT INTO refresh_token (hash, session_id, issued_at) SELECT $9, id, $7 FROM opened",
        session_id.uuid(),
        user.id.uuid(),
        organisation.as_ref().map(|seat| seat.id.uuid()),
        device.user_agent,
        device.context.ip.to_string(),
        method != Method::Password,
        now,
        ends,
        hash.as_slice(),
    )
    .execute(&mut **tx)
    .await?;
    let organisation_id = organisation.as_ref().map(|seat| seat.id);
    let origin = Origin {
        user_id: Some(user.id),
        session_id: Some(session_id),
        organisation_id,
        ..device.context.origin()
    };
    let user_agent = device.user_agent.clone();
    let started = SessionStarted {
        session_id,
        user_id: user.id,
        organisation_id,
        method,
        user_agent,
        ip: device.context.ip,
    };
    event::append(tx, &origin, session_id, &[user.id.uuid()], &started).await?;
    let (access_token, expires_in) = access_token(app, user.id, session_id, organisation.as_ref(), ends)?;
    Ok(SignedIn {
        access_token,
        token_type: "Bearer",
        refresh_token,
        expires_in,
        user,
        organisation,
        session_id,
    })
}
