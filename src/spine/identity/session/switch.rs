//! Acting for another organisation.

use axum::{extract::State, response::IntoResponse};
use guildhall_kernel::{OrgId, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Seat, login::no_seat, open::access_token, seat::seat};
use crate::{
    App,
    event::{self, Origin},
    http::{Checks, Problem, ValidJson, Validate, code},
    identity::{Actor, events::SessionSwitched, no_store},
};

/// The organisation to act for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SwitchOrg {
    /// One that the user is a member of.
    #[schema(value_type = String, example = "org_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    organisation_id: OrgId,
}

impl Validate for SwitchOrg {
    fn validate(&self, _: &mut Checks) {}
}

/// An access token that acts for the organisation asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Switched {
    /// Goes into `Authorization: Bearer` with each request.
    #[schema(example = "eyJhbGciOiJFZERTQSIsImtpZCI6Im1YYjBwWFljSHZFIn0.eyJzdWIiOiJ1c2VyXzAxIn0.c2ln")]
    access_token: String,
    /// Always `Bearer` (RFC 6750).
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 600)]
    expires_in: i64,
    /// The organisation acted for.
    organisation: Seat,
    /// The session, the same as before.
    #[schema(value_type = String, example = "ses_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    session_id: SessionId,
}

/// Switch organisation
///
/// Answers with an access token for another of the user's organisations, and the next refresh stays there. The refresh
/// token is not spent. Tokens and sockets of before go on acting for the organisation that they were made for until
/// they end.
#[utoipa::path(post, path = "/api/v1/auth/switch-org", operation_id = "switchOrg", tag = "auth",
    security(("bearer" = [])),
    request_body(content = SwitchOrg, example = json!({"organisation_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 200, description = "Acting for it", body = Switched),
        (status = 404, description = "The user is no member of it", content_type = "application/problem+json",
            body = ref("#/components/schemas/Problem"))))]
pub(super) async fn switch_org(
    State(app): State<App>,
    actor: Actor,
    ValidJson(body): ValidJson<SwitchOrg>,
) -> Result<impl IntoResponse, Problem> {
    let user = actor.require_user()?;
    let session = actor
        .session
        .ok_or_else(|| Problem::internal("a user without a session"))?;
    let mut tx = app.db.begin().await?;
    let organisation = seat(&mut tx, user, Some(body.organisation_id))
        .await?
        .ok_or_else(no_seat)?;
    let now = tx.now();
    let session_ends = sqlx::query_scalar!(
        "UPDATE session SET org_id = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $4
         RETURNING expires_at",
        session.uuid(),
        user.uuid(),
        organisation.id.uuid(),
        now,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(|| Problem::new(code::UNAUTHENTICATED, "The session has ended: log in again."))?;
    let switched = SessionSwitched {
        session_id: session,
        user_id: user,
        organisation_id: organisation.id,
    };
    let origin = Origin {
        organisation_id: Some(organisation.id),
        ..actor.origin()
    };
    event::append(&mut tx, &origin, session, &[user.uuid()], &switched).await?;
    let (access_token, expires_in) = access_token(&app, user, session, Some(&organisation), session_ends)?;
    tx.commit().await?;
    Ok(no_store(Switched {
        access_token,
        token_type: "Bearer",
        expires_in,
        organisation,
        session_id: session,
    }))
}
