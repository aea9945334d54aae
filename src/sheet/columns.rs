//! The columns of a list's file, read off the schema of its rows.

use std::collections::BTreeMap;

use guildhall_spine::http::export::{Cell, Row};
use rust_decimal::Decimal;
use serde_json::Value;

/// Objects in objects in a row; what lies deeper is written as JSON.
const DEPTH: usize = 3;
/// Rows of a page, which is held in memory: of flat rows and of those that hold others.
const MANY: u32 = 1000;
const FEW: u32 = 100;

/// What a column's values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// A number, or a decimal, which is a string in JSON.
    Number,
    Date,
    Time,
    Other,
}

#[derive(Clone, Debug)]
struct Column {
    /// The names of the members on the way to the value.
    path: Vec<String>,
    kind: Kind,
    /// Whether values may be any number of objects.
    nested: bool,
}

/// The columns of each list of the API, by the list's address.
#[derive(Debug, Default)]
pub(crate) struct Lists(BTreeMap<String, Columns>);

/// The columns of one list.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    /// The list's name.
    pub(super) name: String,
    /// Whether it comes page by page; otherwise it comes whole.
    pub(super) paged: bool,
    /// Rows that are asked for at once: fewer where one may be large.
    pub(super) page: u32,
    columns: Vec<Column>,
}

impl Lists {
    /// Of every list that this OpenAPI document describes.
    pub(super) fn of(document: &Value) -> Self {
        let paths = document.get("paths").and_then(Value::as_object);
        let lists = paths.into_iter().flatten().filter_map(|(path, item)| {
            let page = item.pointer("/get/responses/200/content/application~1json/schema")?;
            let page = resolved(document, page);
            let rows = page.pointer("/properties/items/items")?;
            let parameters = item.pointer("/get/parameters").and_then(Value::as_array);
            let named = |one: &Value, name| resolved(document, one).get("name").and_then(Value::as_str) == Some(name);
            let paged = parameters.is_some_and(|parameters| parameters.iter().any(|one| named(one, "limit")));
            if paged && page.pointer("/properties/next_cursor").is_none() {
                // A log that is followed has no end to be read to.
                return None;
            }
            let mut columns = Vec::new();
            collect(document, rows, &mut Vec::new(), &mut columns);
            // Members come by their names; what tells rows apart comes first.
            columns.sort_by_key(|column| column.path != ["id"]);
            let last = path.rsplit('/').find(|part| !part.starts_with('{'))?;
            let name = last.to_owned();
            let page = if columns.iter().any(|column| column.nested) {
                FEW
            } else {
                MANY
            };
            let columns = Columns {
                name,
                paged,
                page,
                columns,
            };
            Some((path.clone(), columns))
        });
        Self(lists.collect())
    }

    pub(super) fn get(&self, path: &str) -> Option<&Columns> {
        self.0.get(path)
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.0.contains_key(path)
    }
}

impl Columns {
    /// The head of the file: members of objects have the object's name and a dot in front.
    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.path.join(".")).collect()
    }

    pub(super) fn row(&self, item: &Value) -> Row {
        let cell = |column: &Column| {
            let value = column.path.iter().try_fold(item, |value, name| value.get(name));
            value.map_or(Cell::Empty, |value| column.kind.cell(value))
        };
        self.columns.iter().map(cell).collect()
    }
}

impl Kind {
    fn of(schema: &Value) -> Self {
        let named = |name: &str| schema.get(name).and_then(Value::as_str);
        // Digits alone are codes and hashes.
        let decimal = || {
            named("example")
                .filter(|text| text.contains('.'))?
                .parse::<Decimal>()
                .ok()
        };
        match (type_of(schema), named("format")) {
            (Some("string"), Some("date")) => Self::Date,
            (Some("string"), Some("date-time")) => Self::Time,
            (Some("string"), None) if decimal().is_some() => Self::Number,
            (Some("integer" | "number"), _) => Self::Number,
            (Some("string" | "boolean"), _) => Self::Text,
            _ => Self::Other,
        }
    }

    fn cell(self, value: &Value) -> Cell {
        let text = match value {
            Value::Null => return Cell::Empty,
            Value::String(text) => text.clone(),
            Value::Array(parts) if parts.iter().all(Value::is_string) => {
                let parts: Vec<&str> = parts.iter().filter_map(Value::as_str).collect();
                parts.join("; ")
            }
            other => other.to_string(),
        };
        let read = match self {
            Self::Number => text
                .parse()
                .ok()
                .filter(|read: &Decimal| read.to_string() == text)
                .map(Cell::Number),
            Self::Date => text.parse().ok().map(Cell::Date),
            Self::Time => text.parse().ok().map(Cell::Time),
            Self::Text | Self::Other => None,
        };
        read.unwrap_or(Cell::Text(text))
    }
}

/// The type of a value that isn't null.
fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type")? {
        Value::Array(types) => types.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        one => one.as_str(),
    }
}

/// The schema meant, without references and the possibility of null.
fn resolved<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    // Longer chains than this would be circles.
    for _ in 0..8 {
        if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
            match document.pointer(target.trim_start_matches('#')) {
                Some(found) => schema = found,
                None => return schema,
            }
            continue;
        }
        let choices = schema
            .get("oneOf")
            .or_else(|| schema.get("allOf"))
            .and_then(Value::as_array);
        let mut real = choices.into_iter().flatten().filter(|one| type_of(one) != Some("null"));
        match (real.next(), real.next()) {
            (Some(only), None) => schema = only,
            _ => return schema,
        }
    }
    schema
}

/// Whether a value may hold any number of objects, or anything.
fn is_nested(document: &Value, schema: &Value) -> bool {
    match type_of(schema) {
        Some("array") => schema.get("items").is_none_or(|items| {
            let items = resolved(document, items);
            !matches!(type_of(items), Some("string" | "integer" | "number" | "boolean"))
        }),
        Some("string" | "integer" | "number" | "boolean") => false,
        _ => schema.get("enum").is_none(),
    }
}

fn collect(document: &Value, schema: &Value, path: &mut Vec<String>, columns: &mut Vec<Column>) {
    let schema = resolved(document, schema);
    let members = schema.get("properties").and_then(Value::as_object);
    match members {
        Some(members) if path.len() < DEPTH => {
            for (name, member) in members {
                path.push(name.clone());
                collect(document, member, path, columns);
                path.pop();
            }
        }
        _ => columns.push(Column {
            path: path.clone(),
            kind: Kind::of(schema),
            nested: is_nested(document, schema),
        }),
    }
}
