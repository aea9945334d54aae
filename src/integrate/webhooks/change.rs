//! Changing an endpoint.

use axum::extract::State;
use guildhall_kernel::{Patch, WebhookEndpointId};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
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

/// The handler checks the fields, all at once: which are allowed depends on who asks, and on those that stay.
impl Validate for WebhookEndpointChange {
    fn validate(&self, _: &mut Checks) {}
}

impl WebhookEndpointChange {
    /// The address, the kinds and the topics after the change.
    ///
    /// # Errors
    /// 422 with every fault.
    fn over(&self, app: &App, may: &May<right::WebhookManage>, was: &WebhookEndpoint) -> Result<Heard, Problem> {
        let mut checks = Checks::default();
        self.check(&mut checks);
        let mut heard = Heard {
            url: self.url.clone().or(was.url.clone()),
            kinds: self.kinds.clone().or(was.kinds.clone()),
            topics: self.topics.clone().or(was.topics.clone()),
        };
        if self.redirects() {
            heard.url = check_url(app, &heard.url, &mut checks);
            Asked {
                org: may.org.kind,
                permissions: may.actor.permissions,
                kinds: &heard.kinds,
                topics: &heard.topics,
            }
            .check(&mut checks);
        }
        checks.done()?;
        Ok(heard)
    }

    fn check(&self, checks: &mut Checks) {
        checks.kept("/url", &self.url);
        checks.kept("/kinds", &self.kinds);
        checks.kept("/topics", &self.topics);
        checks.kept("/enabled", &self.enabled);
        if let Patch::Value(description) = &self.description {
            checks.text("/description", description, 1, 200, false);
        }
    }

    /// Whether something else is sent than before, or elsewhere.
    const fn redirects(&self) -> bool {
        !self.url.is_absent() || !self.kinds.is_absent() || !self.topics.is_absent()
    }
}

/// What is sent, and where to.
struct Heard {
    url: String,
    kinds: Vec<String>,
    topics: Vec<String>,
}

/// Change a webhook endpoint
///
/// Switched off, it hears of nothing more, and what waits for it stays. Switched on again, what waits is sent at once.
/// Whoever changes the address, the kinds or the topics must be permitted to know of everything that it hears afterwards.
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
    let heard = change.over(&app, &may, &was)?;
    let description = change.description.over(was.description.clone());
    let to = Stored {
        url: &heard.url,
        description: description.as_deref(),
        kinds: &heard.kinds,
        topics: &heard.topics,
        enabled: change.enabled.or(was.enabled),
    };
    let now = rows::update(tx, &was, &to).await?;
    let changed = EndpointChanged(EndpointFacts::new(may.org.id, &now));
    event::append(tx, &may.actor.origin(), now.id, &[may.org.id.uuid()], &changed).await?;
    command.commit(Reply::ok(&now)?.version(now.version)).await
}
