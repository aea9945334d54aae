//! The AsyncAPI document of the WebSocket (AsyncAPI 3.0).

mod messages;

use guildhall_spine::live::{
    Close,
    protocol::{ClientFrame, ServerFrame},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use self::messages::{event_message, inlined, message};
use super::schema::Definitions;
use crate::{VERSION, api};

const CHANNEL: &str = "#/channels/live";

/// A client's frame, and what the server answers.
const REQUESTS: &[(&str, &str, &[&str])] = &[
    (
        "subscribe",
        "Begin a subscription, from now on or from where the client was.",
        &["subscribed", "error"],
    ),
    ("unsubscribe", "End a subscription.", &["unsubscribed", "error"]),
    (
        "authenticate",
        "Replace the access token before it expires.",
        &["authenticated", "error"],
    ),
    ("ping", "Ask whether the server is there.", &["pong", "error"]),
];

/// What the server sends unasked, besides events.
const UNASKED: &[&str] = &["hello", "revoked", "error"];

/// Why the server ends a socket.
const CLOSES: &[Close] = &[
    Close::Normal,
    Close::Protocol,
    Close::Binary,
    Close::NotUtf8,
    Close::TooBig,
    Close::Restart,
    Close::TryAgain,
    Close::TokenExpired,
    Close::Revoked,
    Close::TooSlow,
    Close::TooManyFrames,
];

/// The document.
pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut events = api::events();
    events.sort_by_key(|event| event.kind);
    let payloads: Vec<Value> = events
        .iter()
        .map(|event| (event.schema)(&mut generator).to_value())
        .collect();
    let frames = [
        frames::<ClientFrame>(&mut generator),
        frames::<ServerFrame<'_>>(&mut generator),
    ];
    let mut definitions: Definitions = generator.take_definitions(true);
    let mut messages = Map::new();
    let mut told: Vec<String> = UNASKED.iter().map(|name| (*name).to_owned()).collect();
    for union in frames {
        let variants = definitions.remove(&union).unwrap_or_default();
        for variant in variants.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
            let name = variant
                .pointer("/properties/type/const")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let variant = &inlined(variant, &definitions);
            if name != "event" {
                messages.insert(name.to_owned(), message(name, variant.clone(), &definitions));
                continue;
            }
            for (event, payload) in events.iter().zip(&payloads) {
                let name = format!("event_{}", event.kind.replace('.', "_"));
                messages.insert(name.clone(), event_message(event, payload, variant, &definitions));
                told.push(name);
            }
        }
    }
    let schemas = reachable(&Value::Object(messages.clone()), &definitions);
    assemble(messages, &told, schemas)
}

/// The definitions that `value` refers to, and those that these do.
fn reachable(value: &Value, definitions: &Definitions) -> Definitions {
    let mut found = Definitions::new();
    let mut open = vec![value];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                open.extend(members.values());
                let name = members
                    .get("$ref")
                    .and_then(Value::as_str)
                    .and_then(|path| path.rsplit('/').next());
                if let Some((name, definition)) = name.and_then(|name| definitions.get_key_value(name))
                    && found.insert(name.clone(), definition.clone()).is_none()
                {
                    open.push(definition);
                }
            }
            _ => {}
        }
    }
    found
}

/// The name of the definition that is the union of all frames of one direction.
fn frames<T: JsonSchema>(generator: &mut SchemaGenerator) -> String {
    generator.subschema_for::<T>();
    T::schema_name().into_owned()
}

fn assemble(messages: Map<String, Value>, told: &[String], schemas: Definitions) -> Value {
    let in_channel = |name: &str| json!({"$ref": format!("{CHANNEL}/messages/{name}")});
    let mut operations = Map::new();
    for (name, summary, answers) in REQUESTS {
        let reply: Vec<Value> = answers.iter().map(|answer| in_channel(answer)).collect();
        operations.insert(
            (*name).to_owned(),
            json!({
                "action": "receive",
                "channel": {"$ref": CHANNEL},
                "summary": summary,
                "messages": [in_channel(name)],
                "reply": {"channel": {"$ref": CHANNEL}, "messages": reply},
            }),
        );
    }
    let heard: Vec<Value> = told.iter().map(|name| in_channel(name)).collect();
    operations.insert(
        "tell".to_owned(),
        json!({
            "action": "send",
            "channel": {"$ref": CHANNEL},
            "summary": "What the server says unasked: hello, events in the order of the log, lost access.",
            "messages": heard,
        }),
    );
    let channel_messages: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({"$ref": format!("#/components/messages/{name}")})))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": info(),
        "defaultContentType": "application/json",
        "servers": servers(),
        "channels": {"live": {
            "address": "/api/v1/live",
            "title": "Live events",
            "description": about_the_channel(),
            "messages": channel_messages,
            "bindings": {"ws": {"method": "GET", "query": {
                "type": "object",
                "properties": {"ticket": {"type": "string", "description": "A ticket from `POST /api/v1/live/tickets`, for browsers, which can't send headers: good for 30 seconds and once."}},
            }, "bindingVersion": "0.1.0"}},
        }},
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas, "securitySchemes": security_schemes()},
    })
}

fn info() -> Value {
    json!({
        "title": "Guildhall live events",
        "version": VERSION,
        "description": "Every change as it is committed, over one WebSocket, resumable without a gap. The same events \
                        come by polling from `GET /api/v1/events`. The HTTP API is described in openapi.json.",
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    })
}

fn servers() -> Value {
    let security = json!([
        {"$ref": "#/components/securitySchemes/bearer"},
        {"$ref": "#/components/securitySchemes/ticket"},
    ]);
    json!({
        "local": {"host": "localhost:8080", "protocol": "ws", "description": "A server on this machine.", "security": security},
        "deployed": {
            "host": "{host}",
            "protocol": "wss",
            "description": "A deployed server.",
            "variables": {"host": {"description": "Host and port of `http.public_url`.", "default": "partners.example"}},
            "security": security,
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token or an API key, in the handshake's Authorization header."},
        "ticket": {"type": "httpApiKey", "in": "query", "name": "ticket", "description": "A single-use ticket from `POST /api/v1/live/tickets`."},
    })
}

fn about_the_channel() -> String {
    let mut text =
        "Each text frame is one JSON object with a `type`. The server says `hello` first. A client subscribes, \
        keeps the `position` of the last event it has, and resumes with it as `since`; `subscribed` then says with \
        `recovered` whether everything after it follows. Events come in the order of the log, the same for all.\n\n\
        The server pings; a socket on which nothing came for twice the heartbeat is dead. It ends a socket with one of \
        these codes:\n\n| code | reason |\n| --- | --- |\n"
            .to_owned();
    for close in CLOSES {
        let reason = if close.reason().is_empty() {
            "the client asked"
        } else {
            close.reason()
        };
        text.push_str(&format!("| {} | {reason} |\n", close.code()));
    }
    text
}

#[cfg(test)]
mod tests {
    use guildhall_spine::live::parse;

    use super::*;

    #[test]
    fn the_examples_of_what_clients_send_are_taken() {
        let document = document();
        for (name, ..) in REQUESTS {
            let pointer = format!("/components/messages/{name}/examples/0/payload");
            let sample = document.pointer(&pointer).unwrap();
            assert!(parse(&sample.to_string()).is_ok(), "{sample}");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, document: &Value) {
            if let Some(Value::String(target)) = value.get("$ref") {
                assert!(document.pointer(&target[1..]).is_some(), "{target}");
            }
            match value {
                Value::Object(members) => members.values().for_each(|member| walk(member, document)),
                Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
                _ => {}
            }
        }
        let document = document();
        walk(&document, &document);
        assert_eq!(document, super::document());
        let messages = document
            .pointer("/components/messages")
            .and_then(Value::as_object)
            .unwrap();
        assert!(
            messages.contains_key("event_deal_approved") && !messages.contains_key("event"),
            "{:?}",
            messages.keys()
        );
    }
}
