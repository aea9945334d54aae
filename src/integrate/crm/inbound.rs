//! Messages from CRMs: public, signed, taken once.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use guildhall_kernel::CrmConnectionId;
use guildhall_spine::{
    App,
    db::Tx,
    http::{self, Checks, Problem},
};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::connection::{self, Connection};
use super::connector::{Fields, Remote};
use super::credentials::Secrets;
use super::log::Outcome;
use super::queue::{self, Work};
use super::receive::{self, By};
use super::{Kind, code, signature};

/// Longer than a page of HubSpot's messages.
const LARGEST: usize = 256 * 1024;
const MOST: usize = 200;

/// What a message tells.
struct Told {
    /// By which it is known when it comes again.
    id: String,
    what: What,
}

enum What {
    /// Look at the record.
    Look(String),
    /// This is what the record has.
    Record(Remote),
}

/// A record in a signed message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmInboundRecord {
    /// The record's id in the CRM, 1 to 200 characters.
    #[schema(example = "0065g00000QaXyzAAB")]
    id: String,
    /// When it changed there: older than what is known is dropped.
    modified_at: DateTime<Utc>,
    /// It was deleted.
    #[serde(default)]
    deleted: bool,
    /// The record that it was merged into.
    #[serde(default)]
    merged_into: Option<String>,
    /// Its values by field, as text. Without them, the record is looked at.
    #[serde(default)]
    fields: Option<Fields>,
}

/// The body of a signed message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CrmInbound {
    /// What has changed, 1 to 200 records.
    #[schema(min_items = 1, max_items = 200)]
    records: Vec<CrmInboundRecord>,
}

/// A notice of HubSpot (Webhooks API). What it says of values isn't taken: it may come late or twice, and the record says
/// how things are.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HubSpotNotice)]
pub(super) struct Notice {
    /// The record that has changed.
    #[schema(value_type = Option<i64>)]
    object_id: Option<Value>,
    /// The record that others were merged into.
    #[schema(value_type = Option<i64>)]
    primary_object_id: Option<Value>,
    /// Those others.
    #[serde(default)]
    #[schema(value_type = Vec<i64>)]
    merged_object_ids: Vec<Value>,
    /// Its number.
    #[serde(default)]
    #[schema(value_type = i64)]
    event_id: Value,
    /// What has happened, like `deal.propertyChange`.
    #[serde(default)]
    subscription_type: String,
    /// Which property has changed.
    #[serde(default)]
    property_name: String,
    /// When, in milliseconds since 1970.
    occurred_at: i64,
}

/// What a connection is told: records by Salesforce and one's own systems, notices by HubSpot.
#[derive(ToSchema)]
#[serde(untagged)]
#[schema(as = CrmMessage)]
#[expect(
    dead_code,
    reason = "says in the document what is read by the kind of the connection"
)]
pub(super) enum Message {
    /// Signed by Standard Webhooks.
    Records(CrmInbound),
    /// Signed by HubSpot, at most 200.
    Notices(Vec<Notice>),
}

/// Take a message of a CRM
///
/// Salesforce and webhook connections sign by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`) and
/// send `{"records": [{"id": …, "modified_at": …, "fields": {…}}]}`, up to 200 records, each with `deleted` or `merged_into` when
/// that is what happened, and without `fields` when it should be looked at; HubSpot signs by its version 3 and sends its notices. A message that is more than five minutes old or ahead is
/// refused; one that comes again is answered as before and does nothing.
#[utoipa::path(post, path = "/api/v1/crm-connections/{id}/inbound", operation_id = "receiveCrmMessage", tag = "crm",
    params(("id" = CrmConnectionId, Path, description = "the connection")),
    request_body(content = Message, description = "the message, signed as it is sent", examples(
        ("hubspot" = (summary = "HubSpot's notices", value = json!([{"objectId": 48213, "propertyName": "dealstage",
            "propertyValue": "closedwon", "changeSource": "CRM_UI", "eventId": 3816279340_i64, "subscriptionId": 25,
            "portalId": 33, "appId": 1160452, "occurredAt": 1795430000000_i64, "subscriptionType": "deal.propertyChange",
            "attemptNumber": 0}]))),
        ("records" = (summary = "Records of Salesforce or one's own system", value = json!({"records": [
            {"id": "0065g00000QaXyzAAB", "modified_at": "2026-11-23T15:14:06Z", "fields": {"StageName": "Closed Won", "Amount": "95000"}},
            {"id": "0065g00000QaXyzAAC", "modified_at": "2026-11-23T15:14:06Z", "deleted": true},
            {"id": "0065g00000QaXyzAAD", "modified_at": "2026-11-23T15:14:06Z"}]}))))),
    responses((status = 204, description = "taken")))]
pub(super) async fn receive_crm_message(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<StatusCode, Problem> {
    // Whether there is such a connection is not for those to know who can't sign.
    let id: CrmConnectionId = id.parse().map_err(|_| unsigned())?;
    let read = tokio::time::timeout(
        std::time::Duration::from_secs(app.config.http.body_timeout_seconds),
        axum::body::to_bytes(request.into_body(), LARGEST),
    );
    let slow = |_| Problem::new(http::code::BODY_TOO_SLOW, "Send the message faster.");
    let large = |_| Problem::new(http::code::BODY_TOO_LARGE, format!("The limit is {LARGEST} bytes."));
    let body = read.await.map_err(slow)?.map_err(large)?;
    let connection = connection::load(app.db.pool(), id).await?.ok_or_else(unsigned)?;
    let secrets = Secrets::open(&app, id, &connection.credentials)?;
    let told = match connection.kind {
        Kind::HubSpot => hubspot(&app, id, &secrets, &headers, &body)?,
        Kind::Salesforce | Kind::Webhook => standard(&app, &secrets, &headers, &body)?,
    };
    let mut tx = app.db.begin().await?;
    if connection.enabled {
        for one in told {
            take(&mut tx, &connection, one).await?;
        }
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn unsigned() -> Problem {
    Problem::new(
        code::BAD_SIGNATURE,
        "Sign the body as it is sent, with the connection's secret and a time within five minutes of now.",
    )
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Problem> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .ok_or_else(unsigned)
}

fn refuse(error: impl std::fmt::Display) -> Problem {
    Problem::field("", "invalid", format!("must be a message as it is documented: {error}"))
}

fn standard(app: &App, secrets: &Secrets, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Told>, Problem> {
    let id = header(headers, "webhook-id")?;
    let at: i64 = header(headers, "webhook-timestamp")?.parse().map_err(|_| unsigned())?;
    let signed = header(headers, "webhook-signature")?;
    let secret = secrets.webhook_secret.as_deref().unwrap_or_default();
    let near = app.clock.now().timestamp().saturating_sub(at).saturating_abs() <= signature::WINDOW;
    if !near || id.len() > 200 || !signature::is_standard(secret, id, at, body, signed) {
        return Err(unsigned());
    }
    let message: CrmInbound = serde_json::from_slice(body).map_err(refuse)?;
    if !(1..=MOST).contains(&message.records.len()) {
        return Err(Problem::field("/records", "length", "must have 1 to 200 records"));
    }
    check_records(&message.records, app.clock.now())?;
    let told = |(place, record): (usize, CrmInboundRecord)| Told {
        id: format!("{id} {place}"),
        what: match record.fields {
            None if !record.deleted && record.merged_into.is_none() => What::Look(record.id),
            fields => What::Record(Remote {
                id: record.id,
                key: None,
                modified_at: record.modified_at,
                deleted: record.deleted,
                merged_into: record.merged_into,
                fields: fields.unwrap_or_default(),
            }),
        },
    };
    Ok(message.records.into_iter().enumerate().map(told).collect())
}

/// A time to come would make everything that follows look old; NUL can't be stored.
fn check_records(records: &[CrmInboundRecord], now: DateTime<Utc>) -> Result<(), Problem> {
    let mut checks = Checks::default();
    for (place, record) in records.iter().enumerate() {
        let past = record.modified_at.year() >= 1970 && record.modified_at <= now + TimeDelta::days(1);
        let at = format!("/records/{place}/modified_at");
        checks.check(past, &at, "range", "must be a time from 1970 until now");
        for (name, id) in [("id", Some(&record.id)), ("merged_into", record.merged_into.as_ref())] {
            let plain = id.is_none_or(|id| (1..=200).contains(&id.len()) && !id.contains(char::is_control));
            let at = format!("/records/{place}/{name}");
            checks.check(
                plain,
                &at,
                "invalid",
                "must have 1 to 200 characters, none of them a control character",
            );
        }
        let mut texts = record.fields.iter().flatten();
        let clean =
            texts.all(|(name, value)| !name.contains('\0') && !value.as_ref().is_some_and(|text| text.contains('\0')));
        let at = format!("/records/{place}/fields");
        checks.check(clean, &at, "control_character", "must not contain NUL");
    }
    checks.done()
}

fn hubspot(
    app: &App,
    id: CrmConnectionId,
    secrets: &Secrets,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Vec<Told>, Problem> {
    let timestamp = header(headers, "x-hubspot-request-timestamp")?;
    let signed = header(headers, "x-hubspot-signature-v3")?;
    let at: i64 = timestamp.parse().map_err(|_| unsigned())?;
    let near = (app.clock.now().timestamp_millis().saturating_sub(at)).saturating_abs() <= signature::WINDOW * 1000;
    let root = app.config.http.public_url.trim_end_matches('/');
    let address = format!("{root}/api/v1/crm-connections/{id}/inbound");
    let secret = secrets.client_secret.as_deref().unwrap_or_default();
    if !near || !signature::is_hubspot(secret, &address, body, timestamp, signed) {
        return Err(unsigned());
    }
    let notices: Vec<Notice> = serde_json::from_slice(body).map_err(refuse)?;
    if notices.len() > MOST {
        return Err(Problem::field("", "length", "must have at most 200 notices"));
    }
    let mut told = Vec::new();
    for notice in notices {
        // HubSpot doesn't promise that its event ids are unique.
        let known_by = format!(
            "{} {} {} {}",
            notice.event_id, notice.subscription_type, notice.property_name, notice.occurred_at
        );
        let merged = notice.merged_object_ids.iter();
        for object in notice.object_id.iter().chain(&notice.primary_object_id).chain(merged) {
            let record = object.as_str().map_or_else(|| object.to_string(), str::to_owned);
            if super::create::is_name(&record) {
                told.push(Told {
                    id: format!("{known_by} {record}"),
                    what: What::Look(record),
                });
            }
        }
    }
    Ok(told)
}

async fn take(tx: &mut Tx, connection: &Connection, told: Told) -> Result<(), Problem> {
    let now = tx.now();
    let first = sqlx::query!(
        "INSERT INTO crm_message (connection_id, message_id, received_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        connection.id.uuid(),
        told.id,
        now
    )
    .execute(&mut **tx)
    .await?;
    if first.rows_affected() == 0 {
        return Ok(());
    }
    match told.what {
        What::Record(mut remote) => {
            canonical(connection, &mut remote);
            receive::receive(tx, connection, &remote, By::Message).await
        }
        What::Look(record) => look(tx, connection, &record).await,
    }
}

/// Has a record looked at. HubSpot gives notice of every deal of the account, so those of no deal here aren't logged.
async fn look(tx: &mut Tx, connection: &Connection, record: &str) -> Result<(), Problem> {
    let linked = super::link::lock_of_record(tx, connection.id, record).await?;
    match (linked, connection.kind) {
        (None, Kind::HubSpot) => Ok(()),
        (None, _) => receive::ignore(tx, connection, record).await,
        (Some(link), Kind::Webhook) => {
            let why = "it has no fields, and this system can't be asked for them".to_owned();
            receive::drop_it(tx, connection, &link, Outcome::Unmapped, why).await
        }
        (Some(_), _) => queue::ask(tx, connection.id, Work::Pull, record).await,
    }
}

/// Values in the one way of writing that they are compared in.
fn canonical(connection: &Connection, remote: &mut Remote) {
    for field in &connection.mapping.fields {
        if let Some(Some(value)) = remote.fields.get_mut(&field.crm) {
            *value = field.prm.canonical(value);
        }
    }
}
