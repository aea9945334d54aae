//! A new secret.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use chrono::TimeDelta;
use guildhall_kernel::WebhookEndpointId;
use guildhall_spine::{
    App, event,
    http::{Checks, Problem, ValidJson, Validate, etag},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    WebhookEndpointWithSecret,
    access::OwnEndpoint,
    events::{EndpointFacts, SecretRotated},
    rows, secrets,
};

const OVERLAP_HOURS: u32 = 24;
const LONGEST_OVERLAP: u32 = 7 * 24;

/// How the change of secrets goes.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookSecretRotation {
    /// For how many hours the secret of before signs too, 0 to 168; 24 when left out. 0 when it has leaked.
    #[schema(example = 24, minimum = 0, maximum = 168)]
    overlap_hours: Option<u32>,
}

impl Validate for WebhookSecretRotation {
    fn validate(&self, checks: &mut Checks) {
        let fine = self.overlap_hours.is_none_or(|hours| hours <= LONGEST_OVERLAP);
        checks.check(fine, "/overlap_hours", "range", "must be from 0 to 168");
    }
}

/// Give a webhook endpoint a new secret
///
/// For the time of the overlap each message is signed with both, so that the receiver can change over without missing
/// any. The answer isn't kept, because the secret is in it: rotate again when it didn't arrive.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints/{id}/rotate-secret", operation_id = "rotateWebhookSecret", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookEndpointId, Path, description = "the endpoint")),
    request_body(content = WebhookSecretRotation, example = json!({"overlap_hours": 24})),
    responses((status = 200, description = "the new secret, shown this once", body = WebhookEndpointWithSecret, headers(("ETag" = String)))))]
pub(super) async fn rotate_webhook_secret(
    State(app): State<App>,
    OwnEndpoint { may, endpoint }: OwnEndpoint,
    ValidJson(body): ValidJson<WebhookSecretRotation>,
) -> Result<impl IntoResponse, Problem> {
    let overlap = TimeDelta::hours(i64::from(body.overlap_hours.unwrap_or(OVERLAP_HOURS)));
    let mut tx = app.db.begin().await?;
    let found = rows::lock(&mut tx, may.org.id, endpoint.id).await?;
    found.ok_or_else(Problem::not_found)?;
    let until = tx.now() + overlap;
    let secret = secrets::renew(&mut tx, &app.keyring, endpoint.id, until).await?;
    let endpoint = rows::touch(&mut tx, may.org.id, endpoint.id).await?;
    let rotated = SecretRotated(EndpointFacts::new(may.org.id, &endpoint));
    let audience = [may.org.id.uuid()];
    event::append(&mut tx, &may.actor.origin(), endpoint.id, &audience, &rotated).await?;
    tx.commit().await?;
    let headers = [
        (header::ETAG, etag(endpoint.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Json(WebhookEndpointWithSecret { endpoint, secret })))
}
