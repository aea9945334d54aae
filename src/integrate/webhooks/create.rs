//! Making an endpoint.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::IntoResponse,
};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Checks, Problem, ValidJson, Validate, code, etag},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    WebhookEndpointWithSecret,
    events::{EndpointCreated, EndpointFacts},
    heard::{Asked, check_url},
    rows::{self, Stored},
    secrets,
};

/// Endpoints that one organisation can have.
const MOST: i64 = 50;

/// An endpoint to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhookEndpoint {
    /// Where messages are sent: an https address on the Internet.
    #[schema(example = "https://hooks.northwind.example/guildhall")]
    url: String,
    /// What it is for, 1 to 200 characters.
    #[schema(example = "CRM sync")]
    description: Option<String>,
    /// The kinds of events that it hears.
    #[serde(default)]
    #[schema(example = json!(["deal.approved", "deal.won"]))]
    kinds: Vec<String>,
    /// The topics of which it hears everything.
    #[serde(default)]
    #[schema(example = json!(["partnerships"]))]
    topics: Vec<String>,
    /// Whether it begins switched on; `true` when left out.
    enabled: Option<bool>,
}

/// The handler checks the fields, all at once: which are allowed depends on who asks.
impl Validate for NewWebhookEndpoint {
    fn validate(&self, _: &mut Checks) {}
}

/// Make a webhook endpoint
///
/// Messages follow the Standard Webhooks specification: verify them with one of its libraries and the secret. The answer
/// isn't kept, because the secret is in it, so an `Idempotency-Key` has no effect here: delete an endpoint whose secret
/// didn't arrive.
#[utoipa::path(post, path = "/api/v1/webhook-endpoints", operation_id = "createWebhookEndpoint", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    request_body(content = NewWebhookEndpoint, example = json!({
        "url": "https://hooks.northwind.example/guildhall", "description": "CRM sync", "kinds": ["deal.approved", "deal.won"]})),
    responses((status = 201, description = "made; the secret is shown this once", body = WebhookEndpointWithSecret,
        headers(("Location" = String), ("ETag" = String)))))]
pub(super) async fn create_webhook_endpoint(
    State(app): State<App>,
    may: May<right::WebhookManage>,
    ValidJson(body): ValidJson<NewWebhookEndpoint>,
) -> Result<impl IntoResponse, Problem> {
    let url = check_body(&app, &may, &body)?;
    let mut tx = app.db.begin().await?;
    if rows::count_locked(&mut tx, may.org.id).await? >= MOST {
        let detail = format!("An organisation has at most {MOST} endpoints: delete one first.");
        return Err(Problem::new(code::ILLEGAL_MOVE, detail));
    }
    let new = Stored {
        url: &url,
        description: body.description.as_deref(),
        kinds: &body.kinds,
        topics: &body.topics,
        enabled: body.enabled.unwrap_or(true),
    };
    let endpoint = rows::insert(&mut tx, may.org.id, may.actor.user, &new).await?;
    let now = tx.now();
    let secret = secrets::renew(&mut tx, &app.keyring, endpoint.id, now).await?;
    let created = EndpointCreated(EndpointFacts::new(may.org.id, &endpoint));
    let audience = [may.org.id.uuid()];
    event::append(&mut tx, &may.actor.origin(), endpoint.id, &audience, &created).await?;
    tx.commit().await?;
    let location = HeaderValue::try_from(format!("/api/v1/webhook-endpoints/{}", endpoint.id));
    let headers = [
        (header::LOCATION, location.map_err(Problem::internal)?),
        (header::ETAG, etag(endpoint.version)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((
        StatusCode::CREATED,
        headers,
        Json(WebhookEndpointWithSecret { endpoint, secret }),
    ))
}

fn check_body(app: &App, may: &May<right::WebhookManage>, body: &NewWebhookEndpoint) -> Result<String, Problem> {
    let mut checks = Checks::default();
    let url = check_url(app, &body.url, &mut checks);
    if let Some(description) = &body.description {
        checks.text("/description", description, 1, 200, false);
    }
    Asked {
        org: may.org.kind,
        permissions: may.actor.permissions,
        kinds: &body.kinds,
        topics: &body.topics,
    }
    .check(&mut checks);
    checks.done()?;
    Ok(url)
}
