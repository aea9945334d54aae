//! Connecting a CRM.

use axum::extract::State;
use guildhall_kernel::{CrmConnectionId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use sqlx::types::Json;
use url::Url;
use utoipa::ToSchema;

use super::Kind;
use super::credentials::Secrets;
use super::events::CrmConnected;
use super::mapping::Mapping;
use super::wire::{self, ConnectionView};

/// A CRM to be connected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCrmConnection {
    /// What it is.
    kind: Kind,
    /// Its name here.
    #[schema(example = "Sales cloud")]
    name: String,
    /// Where it is: My Domain of Salesforce, the API of HubSpot, the endpoint of a webhook.
    #[schema(example = "https://acme.my.salesforce.com")]
    base_url: String,
    /// What a deal is there; `Opportunity`, `deals` or `deal` by kind when left out.
    #[serde(default)]
    #[schema(example = "Opportunity")]
    object: Option<String>,
    /// The field with the deal's id: a unique external id of Salesforce, a property with unique values of HubSpot. Without
    /// one, a repeated create could make a second record.
    #[schema(example = "Guildhall_Deal__c")]
    external_id_field: String,
    /// How to be let in.
    credentials: Secrets,
    /// How often it is polled, in seconds, 5 to 86400; 60 when left out. Webhook connections aren't.
    #[serde(default)]
    #[schema(example = 60)]
    poll_seconds: Option<i32>,
}

/// Whether it can stand in an address and in a query as it is.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=100).contains(&text.len()) && text.bytes().all(plain)
}

impl Validate for NewCrmConnection {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 100, false);
        let names = [
            ("/object", self.object.as_ref()),
            ("/external_id_field", Some(&self.external_id_field)),
        ];
        for (pointer, name) in names {
            let plain = name.is_none_or(|name| is_name(name));
            checks.check(plain, pointer, "invalid", "must have 1 to 100 letters, digits, - and _");
        }
        let often = self.poll_seconds.is_none_or(|seconds| (5..=86400).contains(&seconds));
        checks.check(often, "/poll_seconds", "range", "must be from 5 to 86400");
        self.credentials.validate(self.kind, checks);
    }
}

/// The address, when it may be called.
pub(super) fn address(app: &App, text: &str) -> Result<Url, Problem> {
    let refuse = |why: String| Problem::field("/base_url", "url", why);
    if text.len() > 500 {
        return Err(refuse("must have at most 500 characters".to_owned()));
    }
    let url =
        Url::parse(text).map_err(|_| refuse("must be an address, like https://acme.my.salesforce.com".to_owned()))?;
    app.outbound.check(&url).map_err(|why| refuse(why.to_string()))?;
    Ok(url)
}

impl Kind {
    const fn usual_object(self) -> &'static str {
        match self {
            Self::Salesforce => "Opportunity",
            Self::HubSpot => "deals",
            Self::Webhook => "deal",
        }
    }
}

/// Connect a CRM
///
/// The credentials are sealed and never shown again. Nothing goes over the connection before it has a mapping: probe it,
/// read its fields, then set the mapping.
#[utoipa::path(post, path = "/api/v1/crm-connections", operation_id = "createCrmConnection", tag = "crm",
    security(("bearer" = ["crm:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = NewCrmConnection, example = json!({"kind": "salesforce", "name": "Sales cloud",
        "base_url": "https://acme.my.salesforce.com", "external_id_field": "Guildhall_Deal__c",
        "credentials": {"client_id": "3MVG9lKcPoNINVBIPJjdw1J9LLM82HnZz9Lh7ZJnY", "client_secret": "C1A2B3C4D5E6F7A8B9C0D1E2F3A4B5C6"}})),
    responses((status = 201, description = "connected", body = ConnectionView, headers(("Location" = String), ("ETag" = String, description = "its version")))))]
pub(super) async fn create_crm_connection(
    State(app): State<App>,
    may: May<right::CrmManage>,
    command: Command<NewCrmConnection>,
) -> Result<Reply, Problem> {
    let (new, mut command) = command.take();
    let url = address(&app, &new.base_url)?;
    let id = insert(&app, &mut command, may.org.id, &new, &url).await?;
    super::clock::start(&mut command.tx, id, new.poll_seconds.unwrap_or(60)).await?;
    let connected = CrmConnected {
        connection_id: id,
        vendor_id: may.org.id,
        name: new.name,
    };
    event::append(
        &mut command.tx,
        &may.actor.origin(),
        id,
        &[may.org.id.uuid()],
        &connected,
    )
    .await?;
    let view = wire::view(&mut *command.tx, may.org.id, id).await?;
    let reply = Reply::created(&format!("/api/v1/crm-connections/{id}"), &view)?.version(view.version);
    command.commit(reply).await
}

async fn insert(
    app: &App,
    command: &mut Command<()>,
    vendor: guildhall_kernel::OrgId,
    new: &NewCrmConnection,
    url: &Url,
) -> Result<CrmConnectionId, Problem> {
    let tx = &mut command.tx;
    let (id, now): (CrmConnectionId, _) = (tx.new_id::<entity::CrmConnection>(), tx.now());
    let object = new.object.as_deref().unwrap_or(new.kind.usual_object());
    sqlx::query!(
        "INSERT INTO crm_connection (id, vendor_id, kind, name, base_url, object, external_id_field, credentials, hints,
                                     enabled, mapping, poll_seconds, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, true, $10, $11, $12, $12)",
        id.uuid(),
        vendor.uuid(),
        new.kind.as_str(),
        new.name.trim(),
        url.as_str(),
        object,
        new.external_id_field,
        new.credentials.seal(app, id)?,
        Json(new.credentials.hints()) as _,
        Json(Mapping::default()) as _,
        new.poll_seconds.unwrap_or(60),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}
