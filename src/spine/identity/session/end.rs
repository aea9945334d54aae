//! Ending sessions.

use guildhall_kernel::{SessionId, UserId};

use crate::{
    App,
    db::Tx,
    event::{self, Origin},
    http::Problem,
    identity::events::{EndReason, SessionRevoked},
    live::Access,
};

/// Ends one session of `user` as part of `tx`; whether there was one to end.
pub(super) async fn end_session(
    tx: &mut Tx,
    origin: &Origin,
    user: UserId,
    session: SessionId,
    reason: EndReason,
) -> Result<bool, Problem> {
    let now = tx.now();
    let ended = sqlx::query!(
        "UPDATE session SET revoked_at = $3, revoked_because = $4
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3",
        session.uuid(),
        user.uuid(),
        now,
        reason.as_str(),
    )
    .execute(&mut **tx)
    .await?;
    if ended.rows_affected() == 0 {
        return Ok(false);
    }
    announce(tx, origin, user, session, reason).await?;
    Ok(true)
}

/// Ends all sessions of `user` but `keep` as part of `tx`, and log-ins that still owe their second factor. Pass what
/// it returns to [`sessions_ended`] after the commit.
///
/// # Errors
/// When the database fails.
pub async fn end_sessions(
    tx: &mut Tx,
    origin: &Origin,
    user: UserId,
    keep: Option<SessionId>,
    reason: EndReason,
) -> Result<Vec<SessionId>, Problem> {
    // A log-in holds the row while it opens its session, which is thus either seen below or refused.
    sqlx::query!(
        "SELECT id FROM user_account WHERE id = $1 FOR NO KEY UPDATE",
        user.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    sqlx::query!("DELETE FROM mfa_challenge WHERE user_id = $1", user.uuid())
        .execute(&mut **tx)
        .await?;
    let now = tx.now();
    let ended = sqlx::query_scalar!(
        "UPDATE session SET revoked_at = $2, revoked_because = $3
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND ($4::uuid IS NULL OR id <> $4)
         RETURNING id",
        user.uuid(),
        now,
        reason.as_str(),
        keep.map(SessionId::uuid),
    )
    .fetch_all(&mut **tx)
    .await?;
    let ended: Vec<SessionId> = ended.into_iter().map(SessionId::from).collect();
    for session in &ended {
        announce(tx, origin, user, *session, reason).await?;
    }
    Ok(ended)
}

async fn announce(
    tx: &mut Tx,
    origin: &Origin,
    user_id: UserId,
    session_id: SessionId,
    reason: EndReason,
) -> Result<(), Problem> {
    let revoked = SessionRevoked {
        session_id,
        user_id,
        reason,
    };
    event::append(tx, origin, session_id, &[user_id.uuid()], &revoked).await?;
    Ok(())
}

/// Makes committed endings hold on this node at once; the others hear of them by the event.
pub fn sessions_ended(app: &App, sessions: &[SessionId]) {
    for session in sessions {
        app.identity.forget(session.uuid());
        app.live.revoke(Access::Session(session.uuid()), "session_revoked");
    }
}
