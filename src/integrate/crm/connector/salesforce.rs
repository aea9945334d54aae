//! Salesforce over its REST API (developer.salesforce.com, REST API Developer Guide).
//!
//! A record is created by `PATCH sobjects/<object>/<external id field>/<deal>`: Salesforce inserts or updates by the unique
//! external id, so a create whose answer was lost and that is sent again changes the record that it has made.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::{Method, RequestBuilder};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use url::Url;

use super::answer::{Answer, send};
use super::{
    Changes, Connector, Cursor, Fault, FaultKind, Field, FieldType, Fields, Found, Remote, Schema, Subject, written,
};
use crate::crm::token::{Token, Tokens};

const API: [&str; 3] = ["services", "data", "v62.0"];
const PAGE: usize = 200;

/// A Salesforce org.
pub(in crate::crm) struct Salesforce {
    pub(in crate::crm) client: reqwest::Client,
    pub(in crate::crm) tokens: Tokens,
    pub(in crate::crm) subject: Subject,
}

#[derive(Deserialize)]
struct SalesforceError {
    #[serde(default)]
    message: String,
    #[serde(default, rename = "errorCode")]
    code: String,
    #[serde(default)]
    fields: Vec<String>,
}

#[derive(Deserialize)]
struct Described {
    fields: Vec<DescribedField>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DescribedField {
    name: String,
    #[serde(default)]
    label: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    nillable: bool,
    #[serde(default)]
    defaulted_on_create: bool,
    #[serde(default)]
    createable: bool,
    #[serde(default)]
    updateable: bool,
    #[serde(default)]
    external_id: bool,
    #[serde(default)]
    unique: bool,
    #[serde(default)]
    picklist_values: Vec<PicklistValue>,
}

#[derive(Deserialize)]
struct PicklistValue {
    value: String,
    active: bool,
}

#[derive(Deserialize)]
struct Saved {
    id: String,
}

#[derive(Deserialize)]
struct Queried {
    records: Vec<BTreeMap<String, Box<RawValue>>>,
}

impl From<DescribedField> for Field {
    fn from(field: DescribedField) -> Self {
        let kind = match field.kind.as_str() {
            "currency" | "double" | "int" | "percent" | "long" => FieldType::Number,
            "date" => FieldType::Date,
            "datetime" => FieldType::Moment,
            "boolean" => FieldType::Boolean,
            "picklist" => FieldType::Choice,
            _ => FieldType::Text,
        };
        Self {
            required: field.createable && !field.nillable && !field.defaulted_on_create && kind != FieldType::Boolean,
            writable: field.createable || field.updateable,
            unique: field.external_id && field.unique,
            values: field
                .picklist_values
                .into_iter()
                .filter(|value| value.active)
                .map(|value| value.value)
                .collect(),
            name: field.name,
            label: field.label,
            kind,
        }
    }
}

impl Salesforce {
    fn url(token: &Token, path: &[&str]) -> Result<Url, Fault> {
        let mut url = token.instance.clone();
        url.path_segments_mut()
            .map_err(|()| Fault::new(FaultKind::Refused, "the instance address takes no path"))?
            .pop_if_empty()
            .extend(API)
            .extend(path);
        Ok(url)
    }

    /// Sends it with the token, and once more with a new one when Salesforce says that this one has expired.
    async fn call(
        &self,
        method: Method,
        path: &[&str],
        with: impl Fn(RequestBuilder) -> RequestBuilder + Send + Sync,
    ) -> Result<Answer, Fault> {
        let mut token = self.tokens.current().await?;
        for last in [false, true] {
            let url = Self::url(&token, path)?;
            let request = self.client.request(method.clone(), url).bearer_auth(&token.secret);
            let answer = send(with(request)).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            if last {
                return Err(refused(&answer));
            }
            token = self.tokens.renew(token.generation).await?;
        }
        Err(Fault::new(FaultKind::Auth, "the session has expired"))
    }

    fn selection(&self) -> Vec<&str> {
        let mut names = vec!["Id", "SystemModstamp", "IsDeleted"];
        if self.subject.schema.field("MasterRecordId").is_some() {
            names.push("MasterRecordId");
        }
        let more = std::iter::once(&self.subject.key_field).chain(&self.subject.reads);
        for name in more {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    fn record(&self, row: &BTreeMap<String, Box<RawValue>>) -> Result<Remote, Fault> {
        let text = |name: &str| row.get(name).and_then(|raw| plain(raw, FieldType::Text));
        let modified_at = text("SystemModstamp").and_then(|at| moment(&at));
        let (Some(id), Some(modified_at)) = (text("Id"), modified_at) else {
            return Err(Fault::new(
                FaultKind::Away,
                "a record came without Id or SystemModstamp",
            ));
        };
        let kind = |name: &str| {
            self.subject
                .schema
                .field(name)
                .map_or(FieldType::Text, |field| field.kind)
        };
        let read = self
            .subject
            .reads
            .iter()
            .filter_map(|name| Some((name.clone(), reach(row, name, kind(name))?)));
        Ok(Remote {
            id,
            key: text(&self.subject.key_field),
            modified_at,
            deleted: text("IsDeleted").as_deref() == Some("true"),
            merged_into: text("MasterRecordId"),
            fields: read.collect(),
        })
    }

    async fn query(&self, soql: &str) -> Result<Vec<Remote>, Fault> {
        // queryAll also has what was deleted, or merged away, and is in the recycle bin.
        let answer = self
            .call(Method::GET, &["queryAll"], |request| request.query(&[("q", soql)]))
            .await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let found: Queried = answer.json()?;
        found.records.iter().map(|row| self.record(row)).collect()
    }
}

#[async_trait]
impl Connector for Salesforce {
    async fn probe(&self) -> Result<(), Fault> {
        self.describe().await.map(|_| ())
    }

    async fn describe(&self) -> Result<Schema, Fault> {
        let path = ["sobjects", &self.subject.object, "describe"];
        let answer = self.call(Method::GET, &path, |request| request).await?;
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        let described: Described = answer.json()?;
        Ok(Schema {
            fields: described.fields.into_iter().map(Field::from).collect(),
            open: false,
        })
    }

    async fn create(&self, key: &str, _once: &str, fields: &Fields) -> Result<String, Fault> {
        let path = ["sobjects", &self.subject.object, &self.subject.key_field, key];
        let body = self.body(None, key, fields)?;
        let answer = self.call(Method::PATCH, &path, |request| request.json(&body)).await?;
        match answer.status.as_u16() {
            200 | 201 => answer.json::<Saved>().map(|saved| saved.id),
            // Updated, in older versions: the id is asked for.
            204 => {
                let (object, field) = (&self.subject.object, &self.subject.key_field);
                let soql = format!(
                    "SELECT {} FROM {object} WHERE {field} = '{}'",
                    self.selection().join(", "),
                    quoted(key)
                );
                let found = self.query(&soql).await?;
                let live = found.into_iter().find(|record| !record.deleted);
                live.map(|record| record.id)
                    .ok_or_else(|| Fault::new(FaultKind::Away, "the record that was written isn't found yet"))
            }
            _ => Err(refused(&answer)),
        }
    }

    async fn update(&self, id: &str, key: &str, _once: &str, fields: &Fields) -> Result<(), Fault> {
        let path = ["sobjects", &self.subject.object, id];
        let body = self.body(Some(id), key, fields)?;
        let answer = self.call(Method::PATCH, &path, |request| request.json(&body)).await?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(refused(&answer))
        }
    }

    async fn fetch(&self, id: &str) -> Result<Found, Fault> {
        let path = ["sobjects", &self.subject.object, id];
        let fields = self.selection().join(",");
        let answer = self
            .call(Method::GET, &path, |request| request.query(&[("fields", &fields)]))
            .await?;
        if answer.status.is_success() {
            let record = self.record(&answer.json()?)?;
            return Ok(match record.merged_into {
                Some(id) => Found::Merged(id),
                None if record.deleted => Found::Deleted,
                None => Found::Record(record),
            });
        }
        let fault = refused(&answer);
        if fault.kind != FaultKind::Gone {
            return Err(fault);
        }
        // 404 doesn't say whether it was merged; the recycle bin does.
        if self.subject.schema.field("MasterRecordId").is_some() {
            let (names, object) = (self.selection().join(", "), &self.subject.object);
            let soql = format!("SELECT {names} FROM {object} WHERE Id = '{}'", quoted(id));
            if let Some(merged) = self
                .query(&soql)
                .await?
                .into_iter()
                .find_map(|record| record.merged_into)
            {
                return Ok(Found::Merged(merged));
            }
        }
        Ok(Found::Deleted)
    }

    async fn changes_since(&self, cursor: &Cursor) -> Result<Changes, Fault> {
        let at = cursor.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        let behind = if cursor.id.is_empty() {
            format!("SystemModstamp >= {at}")
        } else {
            format!(
                "(SystemModstamp > {at} OR (SystemModstamp = {at} AND Id > '{}'))",
                quoted(&cursor.id)
            )
        };
        let (names, object) = (self.selection().join(", "), &self.subject.object);
        let soql = format!("SELECT {names} FROM {object} WHERE {behind} ORDER BY SystemModstamp, Id LIMIT {PAGE}");
        let records = self.query(&soql).await?;
        Ok(Changes {
            more: records.len() >= PAGE,
            records,
        })
    }

    fn request(&self, id: Option<&str>, key: &str) -> (&'static str, String) {
        let Subject { object, key_field, .. } = &self.subject;
        let path = match id {
            Some(id) => format!("/services/data/v62.0/sobjects/{object}/{id}"),
            None => format!("/services/data/v62.0/sobjects/{object}/{key_field}/{key}"),
        };
        ("PATCH", path)
    }

    fn body(&self, _id: Option<&str>, _key: &str, fields: &Fields) -> Result<Box<RawValue>, Fault> {
        let mut body = BTreeMap::new();
        for (name, value) in fields {
            let text = match (value, self.subject.schema.field(name).map(|field| field.kind)) {
                (None, _) => "null".to_owned(),
                (Some(value), Some(FieldType::Number | FieldType::Boolean)) => value.clone(),
                (Some(value), _) => Value::from(value.as_str()).to_string(),
            };
            let raw = RawValue::from_string(text)
                .map_err(|_| Fault::new(FaultKind::Refused, format!("{name} takes a number, true or false")))?;
            body.insert(name, raw);
        }
        written(&body)
    }
}

/// The fault in `[{"message": …, "errorCode": …, "fields": […]}]`.
fn refused(answer: &Answer) -> Fault {
    let Ok(errors) = answer.json::<Vec<SalesforceError>>() else {
        return answer.fault(answer.text());
    };
    let said = errors.iter().map(|error| {
        let at = if error.fields.is_empty() {
            String::new()
        } else {
            format!(" ({})", error.fields.join(", "))
        };
        format!("{}: {}{at}", error.code, error.message)
    });
    let mut fault = answer.fault(said.collect::<Vec<_>>().join("; "));
    fault.kind = match errors.first().map_or("", |error| error.code.as_str()) {
        "INVALID_SESSION_ID" => FaultKind::Auth,
        "REQUEST_LIMIT_EXCEEDED" => FaultKind::Busy(None),
        "ENTITY_IS_DELETED" | "INVALID_CROSS_REFERENCE_KEY" if answer.status == 404 => FaultKind::Gone,
        "ENTITY_IS_DELETED" => FaultKind::Gone,
        "UNABLE_TO_LOCK_ROW" | "SERVER_UNAVAILABLE" | "QUERY_TIMEOUT" => FaultKind::Away,
        "INVALID_FIELD"
        | "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
        | "REQUIRED_FIELD_MISSING"
        | "INVALID_TYPE"
        | "INVALID_FIELD_FOR_INSERT_UPDATE"
        | "STRING_TOO_LONG"
        | "NUMBER_OUTSIDE_VALID_RANGE" => FaultKind::Schema,
        _ => fault.kind,
    };
    fault
}

/// The value of a field, or of one of a related record: `Account.Name`.
fn reach(row: &BTreeMap<String, Box<RawValue>>, name: &str, kind: FieldType) -> Option<Option<String>> {
    match name.split_once('.') {
        None => row.get(name).map(|raw| plain(raw, kind)),
        Some((relation, rest)) => {
            let related: Option<BTreeMap<String, Box<RawValue>>> =
                serde_json::from_str(row.get(relation)?.get()).ok()?;
            reach(&related?, rest, kind)
        }
    }
}

/// A JSON value as text, numbers digit by digit as they came.
fn plain(raw: &RawValue, kind: FieldType) -> Option<String> {
    let text = raw.get().trim();
    let unquoted = match text.bytes().next() {
        Some(b'n') => return None,
        Some(b'"') => serde_json::from_str::<String>(text).ok()?,
        _ => text.to_owned(),
    };
    Some(canonical(&unquoted, kind))
}

/// The one way in which values are compared.
pub(in crate::crm) fn canonical(text: &str, kind: FieldType) -> String {
    let text = text.trim();
    match kind {
        FieldType::Number => Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map_or_else(|_| text.to_owned(), |number| number.normalize().to_string()),
        FieldType::Date => text.get(..10).unwrap_or(text).to_owned(),
        _ => text.to_owned(),
    }
}

/// `2026-11-23T12:00:00.000+0000`.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(text))
        .ok()
        .map(|at| at.with_timezone(&Utc))
}

/// Inside quotes of SOQL.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "\\'")
}
