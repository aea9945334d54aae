//! The messages: what a frame looks like, with an example.

use guildhall_kernel::EventId;
use guildhall_spine::event::EventDoc;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::cli::docs::schema::{Definitions, about, example, kind, resolved};

/// A variant with the members of the definition that it adds its `type` to: a frame is one object.
pub(super) fn inlined(variant: &Value, definitions: &Definitions) -> Value {
    let mut whole = resolved(variant, definitions).clone();
    for part in ["properties", "required", "description"] {
        let Some(own) = variant.get(part) else { continue };
        match (whole.get_mut(part), own) {
            (Some(Value::Object(members)), Value::Object(own)) => members.extend(own.clone()),
            (Some(Value::Array(names)), Value::Array(own)) => {
                let more: Vec<Value> = own.iter().filter(|name| !names.contains(name)).cloned().collect();
                names.extend(more);
            }
            _ => put(&mut whole, part, own.clone()),
        }
    }
    whole
}

/// The message of a frame that is no event.
pub(super) fn message(name: &str, payload: Value, definitions: &Definitions) -> Value {
    let mut sample = example(&payload, definitions);
    better(&mut sample, sample_of_frame);
    if name == "subscribed"
        && let Some(members) = sample.as_object_mut()
    {
        // Only there when the client could not go on.
        members.remove("reason");
    }
    json!({
        "name": name,
        "summary": about(&payload, definitions),
        "contentType": "application/json",
        "payload": payload,
        "examples": [{"payload": sample}],
    })
}

/// Puts in what `sample_of` knows about members.
fn better(object: &mut Value, sample_of: fn(&str) -> Option<Value>) {
    for (member, value) in object.as_object_mut().into_iter().flatten() {
        if let Some(sample) = sample_of(member) {
            *value = sample;
        }
    }
}

/// What a member of a payload looks like, where its schema can't say.
fn sample_of_data(member: &str) -> Option<Value> {
    Some(match member {
        "amount" => json!("48500.00"),
        "currency" => json!("EUR"),
        "customer_name" => json!("Northwind Traders GmbH"),
        "email" => json!("jane@partner1.example"),
        "name" => json!("Northwind Integrators"),
        "role" => json!("admin"),
        "previous_role" => json!("sales"),
        "scopes" => json!(["deals:read"]),
        "user_agent" => json!("Guildhall/1.0 (Android 16)"),
        _ => return None,
    })
}

/// What a member of a frame looks like, where its schema can't say.
fn sample_of_frame(member: &str) -> Option<Value> {
    Some(match member {
        "id" => json!("open-deals"),
        "nonce" => json!("a1"),
        "token" => json!("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ1c2VyIn0.c2lnbmF0dXJl"),
        "connection_id" => json!("5f0c9b1e-12"),
        "heartbeat_seconds" => json!(25),
        "max_frame_bytes" => json!(16_384),
        "reason" => json!("role_changed"),
        "code" => json!("missing_field"),
        "detail" => json!("missing field `channel`"),
        "pointer" => json!("/channel"),
        _ => return None,
    })
}

/// The message of one kind of event: the frame with that kind's payload.
pub(super) fn event_message(event: &EventDoc, payload: &Value, frame: &Value, definitions: &Definitions) -> Value {
    let mut schema = frame.clone();
    if let Some(members) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        members.insert("kind".to_owned(), json!({"type": "string", "const": event.kind}));
        members.insert(
            "topic".to_owned(),
            json!({"type": "string", "const": event.topic.as_str()}),
        );
        members.insert("data".to_owned(), payload.clone());
        members.insert(
            "id".to_owned(),
            EventId::json_schema(&mut SchemaGenerator::default()).to_value(),
        );
    }
    let mut sample = example(&schema, definitions);
    if let Some(data) = sample.get_mut("data") {
        better(data, sample_of_data);
        // After an approval a deal is approved.
        let outcome = event.kind.split('.').next_back().unwrap_or_default();
        let status = resolved(payload, definitions).pointer("/properties/status");
        if status.is_some_and(|status| kind(status, definitions).contains(&format!("`{outcome}`"))) {
            put(data, "status", json!(outcome));
        }
        // Its own thing, like the deal of `deal.approved`, or the user.
        let subject = event
            .kind
            .split('.')
            .next()
            .and_then(|thing| data.get(format!("{thing}_id")));
        let subject = subject.or_else(|| data.get("user_id")).cloned();
        if let Some(subject) = subject {
            put(&mut sample, "subject", subject);
        }
    }
    json!({
        "name": event.kind,
        "summary": about(payload, definitions),
        "contentType": "application/json",
        "payload": schema,
        "examples": [{"payload": sample}],
    })
}

fn put(object: &mut Value, member: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(member.to_owned(), value);
    }
}
