//! Every operation of the OpenAPI document, walked: what the document promises, the server keeps.

mod access;
mod furnish;
mod lists;
mod malformed;
mod routes;
mod samples;
mod schema;
mod tenants;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use serde_json::Value;

use crate::support::TestServer;

/// What works without credentials.
const PUBLIC: &[&str] = &[
    "acceptInvitation",
    "getJwks",
    "getLeadForm",
    "getMeta",
    "healthz",
    "login",
    "loginMfa",
    "metrics",
    "readyz",
    "receiveCrmMessage",
    "receiveStripeEvent",
    "refresh",
    "register",
    "requestPasswordReset",
    "resendVerification",
    "resetPassword",
    "submitLeadForm",
    "verifyEmail",
];

/// The body is signed, and not read unless the signature is right.
const SIGNED: &[&str] = &["receiveCrmMessage", "receiveStripeEvent"];

/// Only a platform operator may.
const OPERATOR: &[&str] = &["createVendor", "getVendor", "listVendors"];

/// An operation as the document has it.
#[derive(Clone, Debug)]
struct Operation {
    method: Method,
    /// With its parameters in braces.
    path: String,
    id: String,
    /// The scopes that it needs, or none for an operation that needs no credentials.
    scopes: Option<Vec<String>>,
    parameters: Vec<Value>,
    /// An example of its body.
    body: Option<Value>,
    /// The schema of its body.
    schema: Value,
}

/// The document.
struct Document(Value);

impl Document {
    /// As the server serves it.
    async fn of(server: &TestServer) -> Self {
        Self(server.anonymous().get("/api/v1/openapi.json").await.ok())
    }

    fn operations(&self) -> Vec<Operation> {
        let mut operations = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let Ok(method) = method.to_uppercase().parse::<Method>() else {
                    continue;
                };
                operations.push(self.operation(method, path, operation));
            }
        }
        assert!(operations.len() > 40, "{}", operations.len());
        operations
    }

    fn operation(&self, method: Method, path: &str, operation: &Value) -> Operation {
        let scopes = operation["security"]
            .as_array()
            .filter(|needs| !needs.is_empty())
            .map(|needs| {
                let scopes = needs
                    .iter()
                    .flat_map(|need| need["bearer"].as_array().expect("the bearer scheme"));
                scopes.map(|scope| scope.as_str().unwrap().to_owned()).collect()
            });
        let body = &operation["requestBody"]["content"]["application/json"];
        Operation {
            method,
            path: path.to_owned(),
            id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
            scopes,
            parameters: operation["parameters"].as_array().cloned().unwrap_or_default(),
            body: shown(body).first().map(|example| (*example).clone()),
            schema: body.get("schema").cloned().unwrap_or_default(),
        }
    }

    /// The schema behind a reference.
    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.resolve(self.0.pointer(reference.trim_start_matches('#')).expect(reference)),
            None => schema,
        }
    }

    /// The prefix of the ids that a value of this schema is.
    fn id_prefix(&self, schema: &Value) -> Option<String> {
        let schema = self.resolve(schema);
        for name in ["oneOf", "anyOf", "allOf"] {
            for part in schema[name].as_array().into_iter().flatten() {
                if let Some(prefix) = self.id_prefix(part) {
                    return Some(prefix);
                }
            }
        }
        let texts = schema["examples"]
            .as_array()
            .into_iter()
            .flatten()
            .chain([&schema["example"]]);
        let by_example = texts
            .filter_map(Value::as_str)
            .find_map(guildhall_kernel::parse_id_text)
            .map(|(prefix, _)| prefix);
        by_example.or_else(|| {
            Some(
                schema["pattern"]
                    .as_str()?
                    .strip_prefix('^')?
                    .split_once("_[0-7]")?
                    .0
                    .to_owned(),
            )
        })
    }

    /// The JSON pointers of all ids in a value of this schema, each with its prefix.
    fn ids(&self, schema: &Value) -> Vec<(String, String)> {
        if let Some(prefix) = self.id_prefix(schema) {
            return vec![(String::new(), prefix)];
        }
        let schema = self.resolve(schema);
        let below = |name: &str, schema: &Value| {
            let name = name.to_owned();
            self.ids(schema)
                .into_iter()
                .map(move |(pointer, prefix)| (format!("/{name}{pointer}"), prefix))
                .collect::<Vec<_>>()
        };
        let mut ids = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            ids.extend(below(name, property));
        }
        if let Some(items) = schema.get("items") {
            ids.extend(below("0", items));
        }
        for name in ["oneOf", "anyOf", "allOf"] {
            ids.extend(
                schema[name]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .flat_map(|part| self.ids(part)),
            );
        }
        ids
    }
}

impl Operation {
    fn is_conditional(&self) -> bool {
        self.parameters
            .iter()
            .any(|parameter| parameter["in"] == "header" && parameter["name"] == "If-Match")
    }

    fn query(&self) -> impl Iterator<Item = &Value> {
        self.parameters.iter().filter(|parameter| parameter["in"] == "query")
    }

    fn has_query(&self, name: &str) -> bool {
        self.query().any(|parameter| parameter["name"] == name)
    }

    /// The collection that the id in its path is of: `deals` of `/api/v1/deals/{id}/approve`.
    fn collection(&self) -> Option<&str> {
        let (before, _) = self.path.split_once("/{")?;
        before.rsplit('/').next()
    }

    /// Its address with this id in it.
    fn at(&self, id: &str) -> String {
        match (self.path.find('{'), self.path.find('}')) {
            (Some(begin), Some(end)) => format!("{}{id}{}", &self.path[..begin], &self.path[end + 1..]),
            _ => self.path.clone(),
        }
    }
}

/// Every reference in a part of the document.
fn references<'a>(part: &'a Value, found: &mut BTreeSet<&'a str>) {
    match part {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(guildhall::api::openapi()).unwrap();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    let lost: Vec<_> = found
        .into_iter()
        .filter(|reference| document.pointer(reference.trim_start_matches('#')).is_none())
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[tokio::test]
async fn the_document_says_everything_that_a_client_needs() {
    let server = TestServer::start().await;
    let document = Document::of(&server).await;
    assert!(
        document.0["openapi"].as_str().unwrap().starts_with("3.1"),
        "{}",
        document.0["openapi"]
    );
    let tags: BTreeSet<&str> = document.0["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeMap::new();
    for (path, item) in document.0["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let place = format!("{method} {path}");
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_else(|| panic!("{place} has no operationId"));
            if let Some(other) = ids.insert(id, place.clone()) {
                panic!("{place} and {other} are both called {id}");
            }
            assert!(
                operation["summary"].as_str().is_some_and(|text| !text.is_empty()),
                "{place} has no summary"
            );
            for tag in operation["tags"].as_array().unwrap() {
                assert!(
                    tags.contains(tag.as_str().unwrap()),
                    "{place}: the tag {tag} is not described"
                );
            }
            check_responses(&document, &place, operation);
            check_path_parameters(&place, path, operation);
        }
    }
}

/// The examples of a body, the first of several by name first.
fn shown(content: &Value) -> Vec<&Value> {
    let several = content["examples"].as_object().into_iter().flatten();
    content
        .get("example")
        .into_iter()
        .chain(several.map(|(_, example)| &example["value"]))
        .collect()
}

fn check_responses(document: &Document, place: &str, operation: &Value) {
    let responses = operation["responses"].as_object().unwrap();
    let mut successes = 0;
    for (status, response) in responses {
        let response = document.resolve(response);
        assert!(
            response["description"].as_str().is_some_and(|text| !text.is_empty()),
            "{place} {status} is not described"
        );
        let content = response["content"].as_object();
        if status.starts_with(['1', '2', '3']) {
            successes += 1;
            for (kind, content) in content.into_iter().flatten() {
                let shown = content["schema"].is_object() || content.get("example").is_some();
                assert!(shown, "{place} {status}: {kind} has neither schema nor example");
            }
        } else {
            let kinds: Vec<&String> = content.into_iter().flat_map(|content| content.keys()).collect();
            assert_eq!(kinds, ["application/problem+json"], "{place} {status}");
            let schema = &response["content"]["application/problem+json"]["schema"];
            assert_eq!(schema["$ref"], "#/components/schemas/Problem", "{place} {status}");
        }
    }
    assert!(successes > 0, "{place} has no success");
    let needed: &[&str] = match operation["security"].as_array() {
        Some(needs) if !needs.is_empty() => &["400", "401", "403", "429", "500", "503"],
        _ => &["400", "429", "500", "503"],
    };
    for status in needed {
        assert!(responses.contains_key(*status), "{place}: {status} is not described");
    }
}

fn check_path_parameters(place: &str, path: &str, operation: &Value) {
    let named: Vec<&str> = path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
        .collect();
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let described: Vec<&str> = parameters
        .filter(|parameter| parameter["in"] == "path")
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(named, described, "{place}");
}
