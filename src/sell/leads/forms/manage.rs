use axum::{
    extract::{FromRequestParts, State},
    http::request::Parts,
    response::IntoResponse,
};
use guildhall_kernel::{LeadFormId, OrgId};
use guildhall_spine::{
    App,
    access::{May, Permission, right},
    db::Tx,
    event::{self, Event, Topic},
    http::{Checks, Command, IfMatch, Page, PageQuery, Paging, PathId, Problem, Reply, ValidQuery, Validate},
    identity::Actor,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::{Field, Form, Question, forms};

/// A form to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadFormDraft {
    /// Its name, 1 to 100 characters.
    #[schema(example = "Contact us")]
    name: String,
    /// The campaign that its leads are of, at most 200 characters.
    #[serde(default)]
    campaign: Option<String>,
    /// Web origins that may send it from a browser, like `https://www.example.com`, at most 20; empty is any.
    #[serde(default)]
    #[schema(max_items = 20)]
    origins: Vec<String>,
    /// What it asks, 1 to 20 fields; the company among them.
    #[schema(min_items = 1, max_items = 20)]
    fields: Vec<Field>,
    /// Whether it takes anything.
    #[serde(default = "on")]
    active: bool,
    /// Sent sooner than this after it was shown, it looks like spam.
    #[serde(default = "seconds")]
    #[schema(minimum = 0, maximum = 600, example = 3)]
    min_fill_seconds: i32,
    /// With more links than this in its texts, it looks like spam.
    #[serde(default = "links")]
    #[schema(minimum = 0, maximum = 100, example = 2)]
    most_links: i32,
    /// How often one address may send it in an hour.
    #[serde(default = "per_address")]
    #[schema(minimum = 1, maximum = 100000, example = 10)]
    per_address_hourly: i32,
    /// How often all together may send it in an hour.
    #[serde(default = "per_form")]
    #[schema(minimum = 1, maximum = 100000, example = 500)]
    per_form_hourly: i32,
}

const fn on() -> bool {
    true
}

const fn seconds() -> i32 {
    3
}

const fn links() -> i32 {
    2
}

const fn per_address() -> i32 {
    10
}

const fn per_form() -> i32 {
    500
}

impl Validate for LeadFormDraft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 100, false);
        if let Some(campaign) = &self.campaign {
            checks.text("/campaign", campaign, 1, 200, false);
        }
        checks.check(self.origins.len() <= 20, "/origins", "length", "must have at most 20");
        for (place, origin) in self.origins.iter().enumerate() {
            let message = "must be a web origin, like https://www.example.com";
            checks.check(is_origin(origin), &format!("/origins/{place}"), "origin", message);
        }
        let asks = |question: Question| self.fields.iter().filter(|field| field.question == question).count();
        checks.check(
            (1..=20).contains(&self.fields.len()),
            "/fields",
            "length",
            "must have 1 to 20 fields",
        );
        let company = asks(Question::Company) == 1;
        checks.check(company, "/fields", "missing", "must ask for the company");
        for (place, field) in self.fields.iter().enumerate() {
            checks.text(&format!("/fields/{place}/label"), &field.label, 1, 200, false);
            let once = asks(field.question) == 1;
            checks.check(
                once,
                &format!("/fields/{place}/question"),
                "duplicate",
                "must be asked once",
            );
        }
        for (at, value, range) in [
            ("/min_fill_seconds", self.min_fill_seconds, 0..=600),
            ("/most_links", self.most_links, 0..=100),
            ("/per_address_hourly", self.per_address_hourly, 1..=100_000),
            ("/per_form_hourly", self.per_form_hourly, 1..=100_000),
        ] {
            let message = format!("must be from {} to {}", range.start(), range.end());
            checks.check(range.contains(&value), at, "range", &message);
        }
    }
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
        !host.is_empty() && host.len() <= 260 && host.bytes().all(fine)
    })
}

/// A web form was set up or changed. For the vendor.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::leads) struct LeadFormChanged {
    /// The form.
    lead_form_id: LeadFormId,
    /// Whose it is.
    vendor_id: OrgId,
    /// Its name.
    name: String,
    /// Whether it takes anything.
    active: bool,
    /// Its version; 1 is new.
    version: i64,
}

impl Event for LeadFormChanged {
    const KIND: &'static str = "lead_form.changed";
    const TOPIC: Topic = Topic::Leads;
}

/// A form of the vendor acted for, that the actor may change.
#[derive(Debug)]
pub(in crate::leads) struct ManagedForm {
    actor: Actor,
    vendor: OrgId,
    id: LeadFormId,
}

impl FromRequestParts<App> for ManagedForm {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = Actor::from_request_parts(parts, app).await?;
        let org = actor.require(Permission::LeadManage)?;
        let PathId(id) = PathId::from_request_parts(parts, app).await?;
        let own = sqlx::query_scalar!(
            r#"SELECT EXISTS (SELECT FROM lead_form WHERE id = $1 AND vendor_id = $2) AS "own!""#,
            id.uuid(),
            org.id.uuid()
        )
        .fetch_one(app.db.pool())
        .await?;
        if !own {
            return Err(Problem::not_found());
        }
        Ok(Self {
            actor,
            vendor: org.id,
            id,
        })
    }
}

async fn announce(tx: &mut Tx, actor: &Actor, form: &Form) -> Result<(), Problem> {
    let changed = LeadFormChanged {
        lead_form_id: form.id,
        vendor_id: form.vendor_id,
        name: form.name.clone(),
        active: form.active,
        version: form.version,
    };
    event::append(tx, &actor.origin(), form.id, &[form.vendor_id.uuid()], &changed).await?;
    Ok(())
}

/// List web forms
///
/// The vendor's own, the newest first.
#[utoipa::path(get, path = "/api/v1/lead-forms", operation_id = "listLeadForms", tag = "leads",
    security(("bearer" = ["leads:manage"])), params(PageQuery),
    responses((status = 200, description = "one page of forms", body = Page<Form>)))]
pub(in crate::leads) async fn list_lead_forms(
    State(app): State<App>,
    May { org, .. }: May<right::LeadManage>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("lead forms {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = forms!(
        "vendor_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        org.id.uuid(),
        paging.after.unwrap_or(Uuid::max()),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}

/// Set up a web form
///
/// Its page sends what `GET /api/v1/lead-forms/{id}` asks for to `POST /api/v1/lead-forms/{id}/submissions`.
#[utoipa::path(post, path = "/api/v1/lead-forms", operation_id = "createLeadForm", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = LeadFormDraft, example = json!({
        "name": "Contact us", "origins": ["https://www.example.com"],
        "fields": [{"question": "company", "label": "Your company", "required": true},
                   {"question": "email", "label": "Your e-mail", "required": true}]
    })),
    responses((status = 201, description = "the form", body = Form, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(in crate::leads) async fn create_lead_form(
    May { actor, org, .. }: May<right::LeadManage>,
    command: Command<LeadFormDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let (id, at): (LeadFormId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO lead_form (id, vendor_id, name, campaign, origins, fields, active, min_fill_seconds, most_links,
                                per_address_hourly, per_form_hourly, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
        id.uuid(),
        org.id.uuid(),
        draft.name,
        draft.campaign,
        &draft.origins,
        Json(&draft.fields) as _,
        draft.active,
        draft.min_fill_seconds,
        draft.most_links,
        draft.per_address_hourly,
        draft.per_form_hourly,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let form = forms!("id = $1", id.uuid()).fetch_one(&mut **tx).await?;
    announce(tx, &actor, &form).await?;
    let reply = Reply::created(&format!("/api/v1/lead-forms/{id}"), &form)?.version(form.version);
    command.commit(reply).await
}

/// Replace a web form
///
/// Pages that show it already may go on sending it: what they don't ask any more is refused.
#[utoipa::path(put, path = "/api/v1/lead-forms/{id}", operation_id = "replaceLeadForm", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(
        ("id" = String, Path, description = "the form", example = "lform_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the form that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadFormDraft, example = json!({
        "name": "Contact us", "active": false,
        "fields": [{"question": "company", "label": "Your company", "required": true}]
    })),
    responses((status = 200, description = "the form now", body = Form, headers(("ETag" = String, description = "its version")))))]
pub(in crate::leads) async fn replace_lead_form(
    managed: ManagedForm,
    if_match: IfMatch,
    command: Command<LeadFormDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let form = forms!(
        "id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        managed.id.uuid(),
        managed.vendor.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if_match.check(form.version)?;
    let at = tx.now();
    sqlx::query!(
        "UPDATE lead_form SET name = $2, campaign = $3, origins = $4, fields = $5, active = $6, min_fill_seconds = $7,
                most_links = $8, per_address_hourly = $9, per_form_hourly = $10, version = version + 1, updated_at = $11
         WHERE id = $1",
        managed.id.uuid(),
        draft.name,
        draft.campaign,
        &draft.origins,
        Json(&draft.fields) as _,
        draft.active,
        draft.min_fill_seconds,
        draft.most_links,
        draft.per_address_hourly,
        draft.per_form_hourly,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let form = forms!("id = $1", managed.id.uuid()).fetch_one(&mut **tx).await?;
    announce(tx, &managed.actor, &form).await?;
    let reply = Reply::ok(&form)?.version(form.version);
    command.commit(reply).await
}
