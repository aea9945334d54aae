//! CRMs that answer as Salesforce's REST API and HubSpot's CRM v3 API are documented to, over real HTTP.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::http::{Method, Request, Response, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use guildhall_kernel::Clock;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

pub(super) const KEY_FIELD: &str = "guildhall_deal__c";

/// What goes wrong with the next write.
pub(super) enum Trouble {
    /// This is answered, and nothing done.
    Answer(u16, Option<&'static str>, Value),
    /// It is done, and the connection breaks before the answer.
    Lost,
}

pub(super) struct Record {
    pub(super) fields: Map<String, Value>,
    pub(super) modified: DateTime<Utc>,
    pub(super) deleted: bool,
    pub(super) merged_into: Option<String>,
}

/// What the CRM holds and has seen.
pub(super) struct State {
    pub(super) records: BTreeMap<String, Record>,
    /// Accounts or companies.
    pub(super) customers: BTreeMap<String, Record>,
    /// Whose customer a deal of HubSpot is.
    pub(super) customer_of: BTreeMap<String, String>,
    pub(super) fields: Vec<Value>,
    pub(super) stages: Vec<&'static str>,
    pub(super) trouble: VecDeque<Trouble>,
    /// Method and path of every request but those for tokens.
    pub(super) seen: Vec<String>,
    /// Bodies of writes.
    pub(super) writes: Vec<Value>,
    pub(super) grants: usize,
    pub(super) token: Option<String>,
    pub(super) refuses: bool,
    /// Headers and bodies of webhooks.
    pub(super) posts: Vec<(BTreeMap<String, String>, Bytes)>,
    clock: Clock,
    ticks: i64,
}

#[derive(Clone)]
pub(super) struct Crm {
    pub(super) address: SocketAddr,
    pub(super) state: Arc<Mutex<State>>,
}

struct Asked {
    method: Method,
    path: Vec<String>,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

impl Asked {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

type Answered = (u16, Option<&'static str>, Value);

fn field(name: &str, kind: &str, required: bool) -> Value {
    json!({"name": name, "label": name, "type": kind, "nillable": !required, "defaultedOnCreate": false,
        "createable": true, "updateable": true, "externalId": false, "unique": false, "picklistValues": []})
}

impl Crm {
    pub(super) async fn start(clock: Clock) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut key = field("guildhall_deal__c", "string", false);
        (key["externalId"], key["unique"]) = (true.into(), true.into());
        let state = Arc::new(Mutex::new(State {
            records: BTreeMap::new(),
            customers: BTreeMap::new(),
            customer_of: BTreeMap::new(),
            fields: vec![
                field("Name", "string", true),
                field("Amount", "currency", false),
                field("CloseDate", "date", true),
                field("Description", "textarea", false),
                key,
            ],
            stages: vec!["Qualification", "Negotiation", "Closed Won", "Closed Lost"],
            trouble: VecDeque::new(),
            seen: Vec::new(),
            writes: Vec::new(),
            grants: 0,
            token: None,
            refuses: false,
            posts: Vec::new(),
            clock,
            ticks: 0,
        }));
        let crm = Self { address, state };
        let served = crm.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let crm = served.clone();
                tokio::spawn(async move {
                    let service = service_fn(move |request| {
                        let crm = crm.clone();
                        async move { crm.serve(request).await }
                    });
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        crm
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(super) fn with<T>(&self, f: impl FnOnce(&mut State) -> T) -> T {
        f(&mut self.state.lock().unwrap())
    }

    /// The only record, with its id.
    pub(super) fn only(&self) -> Option<(String, Map<String, Value>)> {
        self.with(|state| {
            assert!(
                state.records.len() < 2,
                "{:?}",
                state.records.keys().collect::<Vec<_>>()
            );
            let (id, record) = state.records.iter().next()?;
            Some((id.clone(), record.fields.clone()))
        })
    }

    /// Somebody changes a record there.
    pub(super) fn edit(&self, id: &str, fields: Value) {
        self.with(|state| state.write(id, fields.as_object().unwrap().clone()));
    }

    /// Somebody makes or changes a customer there.
    pub(super) fn customer(&self, id: &str, fields: Value) {
        self.with(|state| {
            state.write(id, fields.as_object().unwrap().clone());
            let record = state.records.remove(id).unwrap();
            state.customers.insert(id.to_owned(), record);
        });
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let url = url_of(&parts.uri.to_string());
        let asked = Asked {
            method: parts.method,
            path: url.0,
            query: url.1,
            headers: parts
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body,
        };
        let answered = self.with(|state| state.answer(&asked));
        let Some((status, retry_after, body)) = answered else {
            return Err(std::io::Error::other("the connection breaks"));
        };
        let mut response = Response::builder().status(StatusCode::from_u16(status).unwrap());
        if let Some(seconds) = retry_after {
            response = response.header("retry-after", seconds);
        }
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        Ok(response.body(Full::new(text.into())).unwrap())
    }
}

fn url_of(uri: &str) -> (Vec<String>, BTreeMap<String, String>) {
    let decode = |text: &str| {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let Some((first, others)) = rest.split_first() {
            (bytes, rest) = match first {
                b'%' => {
                    let hex = std::str::from_utf8(&others[..2]).unwrap();
                    bytes.push(u8::from_str_radix(hex, 16).unwrap());
                    (bytes, &others[2..])
                }
                b'+' => {
                    bytes.push(b' ');
                    (bytes, others)
                }
                other => {
                    bytes.push(*other);
                    (bytes, others)
                }
            };
        }
        String::from_utf8(bytes).unwrap()
    };
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let path = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        Some((decode(name), decode(value)))
    };
    (path, query.split('&').filter_map(pair).collect())
}

impl State {
    /// `None` breaks the connection.
    fn answer(&mut self, asked: &Asked) -> Option<Answered> {
        let path: Vec<&str> = asked.path.iter().map(String::as_str).collect();
        if path == ["services", "oauth2", "token"] {
            return Some(self.grant());
        }
        self.seen.push(format!("{} /{}", asked.method, asked.path.join("/")));
        if path == ["hook"] {
            return self.hook(asked);
        }
        let bearer = asked.headers.get("authorization").cloned().unwrap_or_default();
        let salesforce = path.first() == Some(&"services");
        let good = if salesforce {
            self.token.clone()
        } else {
            Some("pat-na1-secret-token-of-hubspot".to_owned())
        };
        if self.refuses || good.is_none_or(|good| bearer != format!("Bearer {good}")) {
            let body = if salesforce {
                json!([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
            } else {
                json!({"status": "error", "message": "The token is expired", "category": "EXPIRED_AUTHENTICATION"})
            };
            return Some((401, None, body));
        }
        let writes = asked.method == Method::PATCH
            || (asked.method == Method::POST && !matches!(path.last(), Some(&"search" | &"read")));
        let trouble = if writes { self.trouble.pop_front() } else { None };
        if let Some(Trouble::Answer(status, retry_after, body)) = trouble {
            return Some((status, retry_after, body));
        }
        if writes {
            self.writes.push(asked.json());
        }
        let answered = if salesforce {
            self.salesforce(asked, &path)
        } else {
            self.hubspot(asked, &path)
        };
        if matches!(trouble, Some(Trouble::Lost)) {
            None
        } else {
            Some(answered)
        }
    }

    fn grant(&mut self) -> Answered {
        self.grants += 1;
        if self.refuses {
            return (
                400,
                None,
                json!({"error": "invalid_client", "error_description": "invalid client credentials"}),
            );
        }
        let token = format!("00D!secret-session-{}", self.grants);
        self.token = Some(token.clone());
        (
            200,
            None,
            json!({"access_token": token, "token_type": "Bearer", "issued_at": "1700000000000"}),
        )
    }

    fn hook(&mut self, asked: &Asked) -> Option<Answered> {
        let trouble = self.trouble.pop_front();
        if let Some(Trouble::Answer(status, retry_after, body)) = trouble {
            return Some((status, retry_after, body));
        }
        self.posts.push((asked.headers.clone(), asked.body.clone()));
        if matches!(trouble, Some(Trouble::Lost)) {
            return None;
        }
        Some((200, None, json!({"id": "row-1"})))
    }

    pub(super) fn write(&mut self, id: &str, fields: Map<String, Value>) {
        self.ticks += 1;
        let modified = self.clock.now() + TimeDelta::milliseconds(10 * self.ticks);
        let record = self.records.entry(id.to_owned()).or_insert_with(|| Record {
            fields: Map::new(),
            modified,
            deleted: false,
            merged_into: None,
        });
        record.modified = modified;
        record.fields.extend(fields);
    }

    fn by_key(&self, key: &str) -> Option<String> {
        let has = |record: &Record| {
            record.fields.get(KEY_FIELD).and_then(Value::as_str) == Some(key)
                && !record.deleted
                && record.merged_into.is_none()
        };
        self.records
            .iter()
            .find(|(_, record)| has(record))
            .map(|(id, _)| id.clone())
    }

    fn salesforce(&mut self, asked: &Asked, path: &[&str]) -> Answered {
        let gone = || {
            (
                404,
                None,
                json!([{"errorCode": "NOT_FOUND", "message": "Provided external ID field does not exist or is not accessible"}]),
            )
        };
        match (asked.method.as_str(), &path[3..]) {
            ("GET", ["sobjects", "Opportunity", "describe"]) => {
                let mut fields = self.fields.clone();
                let mut stage = field("StageName", "picklist", true);
                stage["picklistValues"] = self
                    .stages
                    .iter()
                    .map(|stage| json!({"value": stage, "label": stage, "active": true}))
                    .collect();
                fields.push(stage);
                (200, None, json!({"name": "Opportunity", "fields": fields}))
            }
            ("PATCH", ["sobjects", "Opportunity", field, key]) if *field == KEY_FIELD => {
                if let Some(answer) = self.invalid(&asked.json(), true) {
                    return answer;
                }
                let (known, mut fields) = (self.by_key(key), asked.json().as_object().unwrap().clone());
                let id = known
                    .clone()
                    .unwrap_or_else(|| format!("0065g{:013}AAA", self.records.len() + 1));
                fields.insert(KEY_FIELD.to_owned(), json!(key));
                self.write(&id, fields);
                let status = if known.is_some() { 200 } else { 201 };
                (
                    status,
                    None,
                    json!({"id": id, "success": true, "errors": [], "created": known.is_none()}),
                )
            }
            ("PATCH", ["sobjects", "Opportunity", id]) => {
                if let Some(answer) = self.invalid(&asked.json(), false) {
                    return answer;
                }
                match self.records.get(*id) {
                    Some(record) if record.deleted => (
                        404,
                        None,
                        json!([{"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []}]),
                    ),
                    None => gone(),
                    Some(_) => {
                        self.write(id, asked.json().as_object().unwrap().clone());
                        (204, None, Value::Null)
                    }
                }
            }
            ("GET", ["sobjects", "Opportunity", id]) => match self.records.get(*id) {
                Some(record) if !record.deleted => (200, None, row(id, record)),
                _ => (
                    404,
                    None,
                    json!([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]),
                ),
            },
            ("GET", ["queryAll"]) => {
                let soql = &asked.query["q"];
                let since = soql
                    .split("SystemModstamp >= ")
                    .nth(1)
                    .or_else(|| soql.split("SystemModstamp > ").nth(1));
                let since: DateTime<Utc> = since.unwrap().split(' ').next().unwrap().parse().unwrap();
                let object = soql.split(" FROM ").nth(1).unwrap().split(' ').next().unwrap();
                let records = if object == "Account" {
                    &self.customers
                } else {
                    &self.records
                };
                let mut found: Vec<_> = records.iter().filter(|(_, record)| record.modified >= since).collect();
                found.sort_by_key(|(id, record)| (record.modified, (*id).clone()));
                let rows: Vec<Value> = found.into_iter().map(|(id, record)| row(id, record)).collect();
                (
                    200,
                    None,
                    json!({"totalSize": rows.len(), "done": true, "records": rows}),
                )
            }
            other => panic!("Salesforce has no {other:?}"),
        }
    }

    /// What Salesforce says of values that it doesn't take.
    fn invalid(&self, body: &Value, new: bool) -> Option<Answered> {
        for (name, value) in body.as_object().unwrap() {
            let known = name == "StageName" || self.fields.iter().any(|field| field["name"] == **name);
            if !known {
                let message = format!("No such column '{name}' on sobject of type Opportunity");
                return Some((400, None, json!([{"message": message, "errorCode": "INVALID_FIELD"}])));
            }
            if name == "StageName" && !self.stages.iter().any(|stage| value == stage) {
                let message = format!("bad value for restricted picklist field: {value}");
                return Some((
                    400,
                    None,
                    json!([{"message": message, "errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "fields": ["StageName"]}]),
                ));
            }
        }
        let missing = self
            .fields
            .iter()
            .find(|field| field["nillable"] == false && body.get(field["name"].as_str().unwrap()).is_none());
        missing.filter(|_| new).map(|field| {
            let message = format!("Required fields are missing: [{}]", field["name"]);
            (
                400,
                None,
                json!([{"message": message, "errorCode": "REQUIRED_FIELD_MISSING", "fields": [field["name"]]}]),
            )
        })
    }

    fn hubspot(&mut self, asked: &Asked, path: &[&str]) -> Answered {
        let gone = || {
            (
                404,
                None,
                json!({"status": "error", "message": "resource not found", "correlationId": "c", "category": "OBJECT_NOT_FOUND"}),
            )
        };
        let properties = asked.json()["properties"].as_object().cloned();
        match (asked.method.as_str(), path) {
            ("GET", ["crm", "v3", "properties", "deals"]) => {
                let property = |name: &str, kind: &str, unique: bool| {
                    json!({"name": name, "label": name, "type": kind, "fieldType": "text",
                    "hasUniqueValue": unique, "calculated": false, "options": [], "modificationMetadata": {"readOnlyValue": false}})
                };
                let all = [
                    property("dealname", "string", false),
                    property("amount", "number", false),
                    property("closedate", "datetime", false),
                    property("dealstage", "enumeration", false),
                    property(KEY_FIELD, "string", true),
                ];
                (200, None, json!({"results": all}))
            }
            ("GET", ["crm", "v3", "pipelines", "deals"]) => {
                let stages: Vec<Value> = ["appointmentscheduled", "closedwon", "closedlost"]
                    .iter()
                    .map(|id| json!({"id": id, "label": id}))
                    .collect();
                (
                    200,
                    None,
                    json!({"results": [{"id": "default", "label": "Sales", "stages": stages}]}),
                )
            }
            ("GET", ["crm", "v3", "objects", "deals", id]) => {
                let id = match asked.query.get("idProperty") {
                    Some(_) => self.by_key(id),
                    None => Some((*id).to_owned()),
                };
                let Some(id) = id else { return gone() };
                // A merged deal answers as the one that it became.
                let id = self
                    .records
                    .get(&id)
                    .and_then(|record| record.merged_into.clone())
                    .unwrap_or(id);
                match self.records.get(&id) {
                    Some(record) if !record.deleted => (200, None, object(&id, record)),
                    _ => gone(),
                }
            }
            ("POST", ["crm", "v3", "objects", "deals"]) => {
                let fields = properties.unwrap();
                if self.by_key(fields[KEY_FIELD].as_str().unwrap()).is_some() {
                    return (
                        400,
                        None,
                        json!({"status": "error", "message": "Property values were not valid", "category": "VALIDATION_ERROR", "correlationId": "c"}),
                    );
                }
                let id = format!("{}", 9000 + self.records.len());
                self.write(&id, fields);
                (201, None, object(&id, &self.records[&id]))
            }
            ("PATCH", ["crm", "v3", "objects", "deals", id]) => {
                if self.records.get(*id).is_none_or(|record| record.deleted) {
                    return gone();
                }
                self.write(id, properties.unwrap());
                (200, None, object(id, &self.records[*id]))
            }
            ("POST", ["crm", "v4", "associations", "deals", "companies", "batch", "read"]) => {
                let asked = asked.json()["inputs"].as_array().unwrap().clone();
                let found = asked.iter().filter_map(|one| {
                    let company: i64 = self.customer_of.get(one["id"].as_str().unwrap())?.parse().unwrap();
                    let kinds = [json!({"category": "HUBSPOT_DEFINED", "typeId": 5, "label": "Primary"})];
                    Some(json!({"from": {"id": one["id"]}, "to": [{"toObjectId": company, "associationTypes": kinds}]}))
                });
                (
                    207,
                    None,
                    json!({"status": "COMPLETE", "results": found.collect::<Vec<_>>()}),
                )
            }
            ("POST", ["crm", "v3", "objects", kind, "batch", "read"]) => {
                let records = if *kind == "companies" {
                    &self.customers
                } else {
                    &self.records
                };
                let asked = asked.json()["inputs"].as_array().unwrap().clone();
                let found = asked.iter().filter_map(|one| {
                    let id = one["id"].as_str().unwrap();
                    let record = records.get(id).filter(|record| !record.deleted)?;
                    Some(object(id, record))
                });
                (
                    207,
                    None,
                    json!({"status": "COMPLETE", "results": found.collect::<Vec<_>>()}),
                )
            }
            ("POST", ["crm", "v3", "objects", kind, "search"]) => {
                let records = if *kind == "companies" {
                    &self.customers
                } else {
                    &self.records
                };
                let since: i64 = asked.json()["filterGroups"][0]["filters"][0]["value"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                let mut found: Vec<_> = records
                    .iter()
                    .filter(|(_, record)| record.modified.timestamp_millis() >= since && !record.deleted)
                    .collect();
                found.sort_by_key(|(_, record)| record.modified);
                let rows: Vec<Value> = found.into_iter().map(|(id, record)| object(id, record)).collect();
                (200, None, json!({"total": rows.len(), "results": rows}))
            }
            other => panic!("HubSpot has no {other:?}"),
        }
    }
}

fn row(id: &str, record: &Record) -> Value {
    let mut row = record.fields.clone();
    row.insert("attributes".to_owned(), json!({"type": "Opportunity"}));
    row.insert("Id".to_owned(), json!(id));
    row.insert("IsDeleted".to_owned(), json!(record.deleted));
    let at = record.modified.format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string();
    row.insert("SystemModstamp".to_owned(), json!(at));
    row.into()
}

fn object(id: &str, record: &Record) -> Value {
    let mut properties = record.fields.clone();
    let at = record.modified.to_rfc3339_opts(SecondsFormat::Millis, true);
    properties.insert("hs_lastmodifieddate".to_owned(), json!(at));
    json!({"id": id, "properties": properties, "createdAt": at, "updatedAt": at, "archived": record.deleted})
}
