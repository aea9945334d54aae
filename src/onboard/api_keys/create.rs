//! Making an API key.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use chrono::{DateTime, Utc};
use guildhall_spine::{
    App,
    access::{May, Permission, right},
    event,
    http::{Checks, Problem, ValidJson, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ApiKey,
    events::ApiKeyCreated,
    rows::{self, NewKey},
};

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewApiKey {
    /// What it is for.
    #[schema(example = "CRM sync")]
    name: String,
    /// What it may do: permissions that its maker has, but not `api_keys:manage`.
    #[schema(example = json!(["deals:read"]), min_items = 1)]
    scopes: Vec<String>,
    /// When it ends by itself; without it, never.
    #[schema(example = "2027-12-31T23:59:59Z")]
    expires_at: Option<DateTime<Utc>>,
}

impl Validate for NewApiKey {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 100, false);
        checks.check(
            !self.scopes.is_empty(),
            "/scopes",
            "length",
            "must have at least one scope",
        );
        for (place, scope) in self.scopes.iter().enumerate() {
            let pointer = format!("/scopes/{place}");
            if Permission::parse(scope).is_none() {
                checks.refuse(&pointer, "unknown", "there is no such scope");
            } else if self.scopes.iter().take(place).any(|earlier| earlier == scope) {
                checks.refuse(&pointer, "repeated", "stands here twice");
            }
        }
    }
}

/// A key with its secret.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyWithSecret {
    /// The key.
    key: ApiKey,
    /// Goes into `Authorization: Bearer`. It is shown this once and can't be had again.
    #[schema(example = "ghk_4vJ9tq1cQm0m3bXwJt0y5n8Jm2sZ5r1pWc7kq0F3d9E")]
    secret: String,
}

/// Make an API key
///
/// Only a person can, and gives it no more than they may do themselves. The answer isn't kept, because the secret is
/// in it, so an `Idempotency-Key` has no effect here: revoke a key whose secret didn't arrive.
#[utoipa::path(post, path = "/api/v1/api-keys", operation_id = "createApiKey", tag = "organisation",
    security(("bearer" = ["api_keys:manage"])),
    request_body(content = NewApiKey, example = json!({"name": "CRM sync", "scopes": ["deals:read"]})),
    responses((status = 201, description = "made; the secret is shown this once", body = ApiKeyWithSecret, headers(("Location" = String)))))]
pub(super) async fn create_api_key(
    State(app): State<App>,
    may: May<right::ApiKeyManage>,
    ValidJson(body): ValidJson<NewApiKey>,
) -> Result<impl IntoResponse, Problem> {
    let user = may.actor.require_user()?;
    check_scopes(&may, &body)?;
    if body.expires_at.is_some_and(|at| at <= app.clock.now()) {
        return Err(Problem::field("/expires_at", "past", "must be in the future"));
    }
    let mut tx = app.db.begin().await?;
    let secret = format!("ghk_{}", tx.entropy().token());
    let new = NewKey {
        org: may.org.id,
        name: body.name.trim(),
        scopes: &body.scopes,
        by: user,
        expires_at: body.expires_at,
        secret: &secret,
    };
    let key = rows::insert(&mut tx, &new).await?;
    let created = ApiKeyCreated {
        api_key_id: key.id,
        organisation_id: may.org.id,
        scopes: key.scopes.clone(),
    };
    event::append(&mut tx, &may.actor.origin(), key.id, &[may.org.id.uuid()], &created).await?;
    tx.commit().await?;
    let location = HeaderValue::try_from(format!("/api/v1/api-keys/{}", key.id)).map_err(Problem::internal)?;
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::CREATED, headers, Json(ApiKeyWithSecret { key, secret })))
}

fn check_scopes(may: &May<right::ApiKeyManage>, body: &NewApiKey) -> Result<(), Problem> {
    let mut checks = Checks::default();
    for (place, permission) in body
        .scopes
        .iter()
        .filter_map(|scope| Permission::parse(scope))
        .enumerate()
    {
        let pointer = format!("/scopes/{place}");
        if permission.applies_to(may.org.kind) && !permission.suits_key(may.org.kind) {
            checks.refuse(pointer, "persons_only", "API keys can't manage members or API keys");
        } else if !permission.applies_to(may.org.kind) || !may.actor.permissions.contains(permission) {
            checks.refuse(pointer, "not_granted", "is not among your own permissions here");
        }
    }
    checks.done()
}
