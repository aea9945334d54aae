//! JSON Schemas as people read them, and examples made from them.

use serde_json::{Map, Value, json};

use super::cell;

/// The definitions that `$ref`s in a schema lead to.
pub(super) type Definitions = Map<String, Value>;

/// The schema that `schema` stands for, its references followed.
pub(super) fn resolved<'a>(schema: &'a Value, definitions: &'a Definitions) -> &'a Value {
    next(schema, definitions).map_or(schema, |next| resolved(next, definitions))
}

/// The schema that `schema` refers to.
fn next<'a>(schema: &'a Value, definitions: &'a Definitions) -> Option<&'a Value> {
    let target = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|path| definitions.get(last(path)));
    // schemars wraps a reference that has a description of its own.
    let wrapped = schema
        .get("allOf")
        .and_then(Value::as_array)
        .filter(|all| all.len() == 1);
    target.or(wrapped.and_then(|all| all.first()))
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// What a value of this schema is, in a few words.
pub(super) fn kind(schema: &Value, definitions: &Definitions) -> String {
    let schema = resolved(schema, definitions);
    let options = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.as_array());
    if let Some(options) = options {
        let mut kinds: Vec<String> = options.iter().map(|option| kind(option, definitions)).collect();
        kinds.dedup();
        let nothing = kinds
            .iter()
            .position(|kind| kind == "nothing")
            .map(|place| kinds.remove(place));
        return match nothing {
            Some(_) => format!("{}, or nothing", kinds.join(" or ")),
            None => kinds.join(" or "),
        };
    }
    if let Some(constant) = schema.get("const").and_then(Value::as_str) {
        return format!("`{constant}`");
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return values
            .iter()
            .filter_map(Value::as_str)
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(" or ");
    }
    match schema.get("type") {
        Some(Value::Array(types)) => {
            let named: Vec<String> = types
                .iter()
                .filter(|one| one.as_str() != Some("null"))
                .map(|one| plain(one, schema, definitions))
                .collect();
            format!("{}, or nothing", named.join(" or "))
        }
        Some(one) => plain(one, schema, definitions),
        None => "anything".to_owned(),
    }
}

fn plain(name: &Value, schema: &Value, definitions: &Definitions) -> String {
    match name.as_str().unwrap_or_default() {
        "string" => match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => "time".to_owned(),
            Some("date") => "date".to_owned(),
            _ => schema
                .get("pattern")
                .and_then(Value::as_str)
                .and_then(id_prefix)
                .unwrap_or_else(|| "text".to_owned()),
        },
        "integer" => "whole number".to_owned(),
        "number" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "null" => "nothing".to_owned(),
        "array" => match schema.get("items") {
            Some(items) => format!("list of {}", kind(items, definitions)),
            None => "list".to_owned(),
        },
        _ => match schema.get("properties").and_then(Value::as_object) {
            Some(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(name, member)| format!("`{name}`: {}", kind(member, definitions)))
                    .collect();
                format!("object of {}", members.join(", "))
            }
            None => "object".to_owned(),
        },
    }
}

/// The pattern of an id says whose.
fn id_prefix(pattern: &str) -> Option<String> {
    let (prefix, _) = pattern.strip_prefix('^')?.split_once("_[0-7]")?;
    Some(format!("id `{prefix}_…`"))
}

/// The members of an object as the rows of a table: name, kind, meaning.
pub(super) fn members(schema: &Value, definitions: &Definitions) -> Vec<[String; 3]> {
    let schema = resolved(schema, definitions);
    let Some(members) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    members
        .iter()
        .map(|(name, member)| {
            [
                format!("`{name}`"),
                cell(&kind(member, definitions)),
                cell(&about(member, definitions)),
            ]
        })
        .collect()
}

/// What a schema says of itself, or the first one on the way to what it refers to.
pub(super) fn about(schema: &Value, definitions: &Definitions) -> String {
    match (
        schema.get("description").and_then(Value::as_str),
        next(schema, definitions),
    ) {
        (Some(own), _) => own.to_owned(),
        (None, Some(next)) => about(next, definitions),
        (None, None) => String::new(),
    }
}

/// A value of this schema, the same every time.
pub(super) fn example(schema: &Value, definitions: &Definitions) -> Value {
    let schema = resolved(schema, definitions);
    let given = schema
        .get("examples")
        .and_then(|examples| examples.get(0))
        .or_else(|| schema.get("const"));
    if let Some(value) = given.or_else(|| schema.get("enum").and_then(|values| values.get(0))) {
        return value.clone();
    }
    if let Some(option) = ["oneOf", "anyOf"].iter().find_map(|name| schema.get(name)?.get(0)) {
        return example(option, definitions);
    }
    let name = match schema.get("type") {
        Some(Value::Array(types)) => types.first().and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    match name {
        Some("string") => match schema.get("format").and_then(Value::as_str) {
            Some("date-time") => json!("2026-11-23T09:30:00Z"),
            Some("date") => json!("2026-12-31"),
            Some("ip") => json!("203.0.113.7"),
            _ => json!("text"),
        },
        Some("integer") => schema.get("minimum").cloned().unwrap_or_else(|| json!(1)),
        Some("number") => json!(1),
        Some("boolean") => json!(true),
        Some("array") => schema
            .get("items")
            .map_or_else(|| json!([]), |items| json!([example(items, definitions)])),
        Some("object") => {
            let members = schema.get("properties").and_then(Value::as_object);
            let members = members.into_iter().flatten();
            Value::Object(
                members
                    .map(|(name, member)| (name.clone(), example(member, definitions)))
                    .collect(),
            )
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definitions() -> Definitions {
        let definitions = json!({
            "Money": {"type": "object", "description": "An amount.", "properties": {"amount": {"type": "string"}}},
            "Stage": {"oneOf": [{"const": "open"}, {"const": "won"}]},
        });
        definitions.as_object().cloned().unwrap()
    }

    #[test]
    fn kinds_are_told_in_words() {
        let told = |schema: Value| kind(&schema, &definitions());
        assert_eq!(
            told(json!({"type": ["string", "null"], "format": "date-time"})),
            "time, or nothing"
        );
        assert_eq!(
            told(json!({"anyOf": [{"$ref": "#/$defs/Money"}, {"type": "null"}]})),
            "object of `amount`: text, or nothing"
        );
        assert_eq!(
            told(json!({"type": "array", "items": {"$ref": "#/components/schemas/Stage"}})),
            "list of `open` or `won`"
        );
        assert_eq!(
            told(json!({"type": "string", "pattern": "^deal_[0-7][0-9a-z]{25}$"})),
            "id `deal_…`"
        );
    }

    #[test]
    fn examples_follow_references() {
        let schema = json!({"type": "object", "properties": {"stage": {"$ref": "#/$defs/Stage"}, "value": {"$ref": "#/$defs/Money"}}});
        assert_eq!(
            example(&schema, &definitions()),
            json!({"stage": "open", "value": {"amount": "text"}})
        );
        assert_eq!(about(&json!({"$ref": "#/$defs/Money"}), &definitions()), "An amount.");
    }
}
