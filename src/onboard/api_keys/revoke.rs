//! Revoking an API key.

use axum::{extract::State, http::StatusCode};
use guildhall_kernel::{ApiKeyId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{PathId, Problem},
};

use super::{events::ApiKeyRevoked, rows};

/// Revoke an API key
///
/// Holds at once. One that was revoked before stays so.
#[utoipa::path(delete, path = "/api/v1/api-keys/{id}", operation_id = "revokeApiKey", tag = "organisation",
    security(("bearer" = ["api_keys:manage"])), params(("id" = ApiKeyId, Path, description = "the key")),
    responses((status = 204, description = "revoked")))]
pub(super) async fn revoke_api_key(
    State(app): State<App>,
    may: May<right::ApiKeyManage>,
    PathId(id): PathId<entity::ApiKey>,
) -> Result<StatusCode, Problem> {
    may.actor.require_user()?;
    let mut tx = app.db.begin().await?;
    if rows::revoke(&mut tx, may.org.id, id)
        .await?
        .ok_or_else(Problem::not_found)?
    {
        let revoked = ApiKeyRevoked {
            api_key_id: id,
            organisation_id: may.org.id,
        };
        event::append(&mut tx, &may.actor.origin(), id, &[may.org.id.uuid()], &revoked).await?;
        tx.commit().await?;
        app.identity.forget(id.uuid());
    }
    Ok(StatusCode::NO_CONTENT)
}
