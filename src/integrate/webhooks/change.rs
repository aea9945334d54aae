//! Changing an endpoint.

use axum::extract::State;
use guildhall_kernel::{Patch, WebhookEndpointId};
use guildhall_spine::{
    App, event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    WebhookEndpoint,
    access::OwnEndpoint,
    events::{EndpointChanged, EndpointFacts},
    heard::{Asked, check_url},
    rows::{self, Stored},
};

/// What to change; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookEndpointChange {
    /// Where messages are sent.
    #[serde(default)]
    #[schema(value_type = String, example = "https://hooks.northwind.example/guildhall")]
    url: Patch<String>,
    /// What it is for; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "CRM sync")]
    description: Patch<String>,
    /// The kinds of events that it hears.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["deal.won"]))]
    kinds: Patch<Vec<String>>,
    /// The topics of which it hears everything.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["partnerships"]))]
    topics: Patch<Vec<String>>,
    /// Whether messages are sent.
    #[serde(default)]
    #[schema(value_type = bool)]
    enabled: Patch<bool>,
}

impl Validate for WebhookEndpointChange {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/url", &self.url);
        checks.kept("/kinds", &self.kinds);
        checks.kept("/topics", &self.topics);
        checks.kept("/enabled", &self.enabled);
        if let Patch::Value(description) = &self.description {
            checks.text("/description", description, 1, 200, false);
        }
    }
}

/// Change a webhook endpoint
///
/// Switched off, it hears of nothing more, and what waits for it stays. Switched on again, what waits is sent at once.
#[utoipa::path(patch, path = "/api/v1/webhook-endpoints/{id}", operation_id = "changeWebhookEndpoint", tag = "webhooks",
    security(("bearer" = ["webhooks:manage"])),
    params(("id" = WebhookEndpointId, Path, description = "the endpoint"),
        ("If-Match" = String, Header, description = "the ETag that came with the record", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = WebhookEndpointChange, example = json!({"enabled": false})),
    responses((status = 200, description = "the endpoint as it is now", body = WebhookEndpoint, headers(("ETag" = String)))))]
pub(super) async fn change_webhook_endpoint(
    State(app): State<App>,
    OwnEndpoint { may, endpoint }: OwnEndpoint,
    if_match: IfMatch,
    command: Command<WebhookEndpointChange>,
) -> Result<Reply, Problem> {
    let (change, mut command) = command.take();
    let tx = &mut command.tx;
    let was = rows::lock(tx, may.org.id, endpoint.id)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(was.version)?;
    let url = match &change.url {
        Patch::Value(url) => check_url(&app, url)?,
        Patch::Absent | Patch::Null => was.url.clone(),
    };
    let kinds = change.kinds.clone().or(was.kinds.clone());
    let topics = change.topics.clone().or(was.topics.clone());
    if !change.kinds.is_absent() || !change.topics.is_absent() {
        let mut checks = Checks::default();
        Asked {
            org: may.org.kind,
            permissions: may.actor.permissions,
            kinds: &kinds,
            topics: &topics,
        }
        .check(&mut checks);
        checks.done()?;
    }
    let description = change.description.over(was.description.clone());
    let to = Stored {
        url: &url,
        description: description.as_deref(),
        kinds: &kinds,
        topics: &topics,
        enabled: change.enabled.or(was.enabled),
    };
    let now = rows::update(tx, &was, &to).await?;
    let changed = EndpointChanged(EndpointFacts::new(may.org.id, &now));
    event::append(tx, &may.actor.origin(), now.id, &[may.org.id.uuid()], &changed).await?;
    command.commit(Reply::ok(&now)?.version(now.version)).await
}
