//! The kinds of events.

use std::fmt::Write;

use guildhall_spine::{event::Topic, live::reserved};

use super::{
    head,
    schema::{Definitions, about, members},
};
use crate::api;

pub(super) fn page() -> String {
    let mut page = head(
        "Events",
        "What is told of each change: over the WebSocket at `/api/v1/live`, by `GET /api/v1/events`, and in the audit \
         log. Members may be added; those that stand here stay.",
    );
    let mut generator = schemars::SchemaGenerator::default();
    let mut events = api::events();
    events.sort_by_key(|event| event.kind);
    let schemas: Vec<_> = events
        .iter()
        .map(|event| (event.schema)(&mut generator).to_value())
        .collect();
    let definitions: Definitions = generator.take_definitions(true);
    for topic in Topic::ALL {
        let heard = topic.permission().map_or_else(
            || "Heard by the user alone.".to_owned(),
            |permission| format!("Heard by members who may `{}`.", permission.scope()),
        );
        let _ = write!(page, "\n## Topic `{}`\n\n{heard}\n", topic.as_str());
        for (event, schema) in events.iter().zip(&schemas).filter(|(event, _)| event.topic == *topic) {
            let _ = write!(page, "\n### {}\n\n{}\n", event.kind, about(schema, &definitions));
            if let Some(needed) = reserved(event.kind) {
                let _ = write!(page, "\nHeard by members who may `{}` only.\n", needed.scope());
            }
            page.push_str("\n| member | kind | meaning |\n| --- | --- | --- |\n");
            for [name, kind, meaning] in members(schema, &definitions) {
                let _ = writeln!(page, "| {name} | {kind} | {meaning} |");
            }
        }
    }
    page
}
