//! What every CRM is asked, and how its answers are told apart.

mod answer;
mod clean;
mod hubspot;
mod salesforce;
mod webhook;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

pub(super) use hubspot::HubSpot;
pub(super) use salesforce::{Salesforce, canonical};
pub(super) use webhook::Webhook;

/// Values by field in one way of writing: numbers as decimals without trailing zeros, dates as YYYY-MM-DD.
pub type Fields = BTreeMap<String, Option<String>>;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CrmFieldType)]
pub enum FieldType {
    /// Characters.
    Text,
    /// A decimal number.
    Number,
    /// A day.
    Date,
    /// A moment.
    Moment,
    /// Yes or no.
    Boolean,
    /// One of a list of values.
    Choice,
}

/// A field of the CRM's object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = CrmField)]
pub struct Field {
    /// Its name in the API.
    #[schema(example = "StageName")]
    pub name: String,
    /// Its name for people.
    #[schema(example = "Stage")]
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// A new record needs it.
    pub required: bool,
    /// The API may set it.
    pub writable: bool,
    /// No two records have the same value.
    pub unique: bool,
    /// The values of a choice that can be set now.
    #[schema(example = json!(["Qualification", "Closed Won", "Closed Lost"]))]
    pub values: Vec<String>,
}

/// The fields of the CRM's object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// The fields; nothing for a system that takes any.
    pub fields: Vec<Field>,
    /// Any field may be named.
    pub open: bool,
}

impl Schema {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A record as the CRM has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// Its id there.
    pub id: String,
    /// The deal's id that it carries, when it was asked for.
    pub key: Option<String>,
    /// When it changed last.
    pub modified_at: DateTime<Utc>,
    /// It was thrown away.
    pub deleted: bool,
    /// The record that it was merged into.
    pub merged_into: Option<String>,
    /// The values that were asked for or sent.
    pub fields: Fields,
}

/// What a look at one record found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    Record(Remote),
    /// It was deleted.
    Deleted,
    /// It lives on in another one.
    Merged(String),
    /// This system can't be asked.
    Unknown,
}

/// Where a poll goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Everything up to here has been seen.
    pub at: DateTime<Utc>,
    /// Of the records changed then, those up to this id.
    pub id: String,
}

/// A page of changed records, oldest change first.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// The records.
    pub records: Vec<Remote>,
    /// Another page may follow.
    pub more: bool,
}

/// How a call ended that did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The credentials don't open the door.
    Auth,
    /// Too many calls; when the CRM would like the next one.
    Busy(Option<Duration>),
    /// No answer, or one that says that it will pass (5xx).
    Away,
    /// The record or a value in it is refused, and will be again.
    Refused,
    /// As refused, and the CRM's fields may have changed.
    Schema,
    /// The record is gone.
    Gone,
}

/// Why a call did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// How to go on.
    pub kind: FaultKind,
    /// In the CRM's words.
    pub message: String,
}

impl Fault {
    /// A fault in these words, bounded: a CRM's page of errors is not kept whole.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        let message: String = message.into();
        let message = message.chars().filter(|c| clean::is_kept(*c)).take(500).collect();
        Self { kind, message }
    }
}

/// What a record is asked for, and by which field it is known.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The object: Opportunity, deals.
    pub object: String,
    /// The unique field with the deal's id.
    pub key_field: String,
    /// The fields to be read.
    pub reads: Vec<String>,
    /// What is known of the fields.
    pub schema: Schema,
}

/// A CRM.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Whether the credentials are taken and the object is there.
    async fn probe(&self) -> Result<(), Fault>;

    /// The object's fields.
    async fn describe(&self) -> Result<Schema, Fault>;

    /// Makes the record of `key`, or finds the one that an earlier call has made, and returns its id. `once` is the same
    /// when a call is repeated.
    async fn create(&self, key: &str, once: &str, fields: &Fields) -> Result<String, Fault>;

    /// Changes these fields of the record.
    async fn update(&self, id: &str, key: &str, once: &str, fields: &Fields) -> Result<(), Fault>;

    /// The record as it is now.
    async fn fetch(&self, id: &str) -> Result<Found, Fault>;

    /// Records that changed at or after `cursor`'s time, behind its id.
    async fn changes_since(&self, cursor: &Cursor) -> Result<Changes, Fault>;

    /// These values of the customers of sales, by the sale's id, from a CRM whose sales don't carry them.
    async fn customers_of(&self, _sales: &[&str], _reads: &[String]) -> Result<BTreeMap<String, Fields>, Fault> {
        Ok(BTreeMap::new())
    }

    /// Which of these records, at most 100, are there; nothing from a CRM whose changes tell what was deleted.
    async fn living(&self, _ids: &[String]) -> Result<Option<BTreeSet<String>>, Fault> {
        Ok(None)
    }

    /// The method and path by which `create`, or `update` with an id, would send it.
    fn request(&self, id: Option<&str>, key: &str) -> (&'static str, String);

    /// The body that `create`, or `update` with an id, sends.
    fn body(&self, id: Option<&str>, key: &str, fields: &Fields) -> Result<Box<RawValue>, Fault>;
}

/// A body as it is sent: numbers keep their digits.
pub(super) fn written(body: &impl Serialize) -> Result<Box<RawValue>, Fault> {
    serde_json::value::to_raw_value(body).map_err(|error| Fault::new(FaultKind::Refused, error.to_string()))
}
