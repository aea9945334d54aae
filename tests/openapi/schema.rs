//! Whether a value is what a schema of the document says, as far as the document's schemas go (JSON Schema 2020-12).

use serde_json::Value;

use super::{Document, shown};

impl Document {
    /// What is wrong with a value, each fault with its place.
    fn faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        if schema.get("$ref").is_some() {
            return self.faults(self.resolve(schema), value, at);
        }
        for name in ["oneOf", "anyOf"] {
            if let Some(parts) = schema[name].as_array() {
                let tried: Vec<_> = parts.iter().map(|part| self.faults(part, value, at)).collect();
                let best = tried.into_iter().min_by_key(Vec::len).unwrap();
                if !best.is_empty() {
                    return best;
                }
            }
        }
        let mut faults = Vec::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            faults.extend(self.faults(part, value, at));
        }
        let types = match &schema["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        };
        if !types.is_empty() && !types.iter().any(|name| is(value, name)) {
            faults.push(format!("{at} is not {}", types.join(" or ")));
        }
        if schema["enum"].as_array().is_some_and(|known| !known.contains(value)) {
            faults.push(format!("{at} is not one of {}", schema["enum"]));
        }
        match value {
            Value::Object(_) => faults.extend(self.object_faults(schema, value, at)),
            Value::Array(items) => {
                let count = u64::try_from(items.len()).unwrap();
                if schema["minItems"].as_u64().is_some_and(|least| count < least)
                    || schema["maxItems"].as_u64().is_some_and(|most| count > most)
                {
                    faults.push(format!("{at} has {count} items"));
                }
                for (place, item) in items.iter().enumerate() {
                    faults.extend(self.faults(&schema["items"], item, &format!("{at}/{place}")));
                }
            }
            Value::String(text) => faults.extend(text_faults(schema, text, at)),
            Value::Number(number) => {
                let number = number.as_f64().unwrap();
                if schema["minimum"].as_f64().is_some_and(|least| number < least)
                    || schema["maximum"].as_f64().is_some_and(|most| number > most)
                {
                    faults.push(format!("{at} is out of range"));
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
        faults
    }

    fn object_faults(&self, schema: &Value, value: &Value, at: &str) -> Vec<String> {
        let members = value.as_object().unwrap();
        let required = schema["required"].as_array().into_iter().flatten();
        let mut faults: Vec<String> = required
            .filter_map(Value::as_str)
            .filter(|name| !members.contains_key(*name))
            .map(|name| format!("{at}/{name} is missing"))
            .collect();
        for (name, member) in members {
            let at = format!("{at}/{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(property), _) => faults.extend(self.faults(property, member, &at)),
                (None, Value::Bool(false)) => faults.push(format!("{at} is unknown")),
                (None, more @ Value::Object(_)) => faults.extend(self.faults(more, member, &at)),
                (None, _) => {}
            }
            faults.extend(self.faults(&schema["propertyNames"], &Value::from(name.as_str()), &at));
        }
        faults
    }
}

fn is(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no schema has the type {other}"),
    }
}

fn text_faults(schema: &Value, text: &str, at: &str) -> Vec<String> {
    let length = u64::try_from(text.chars().count()).unwrap();
    let short = schema["minLength"].as_u64().is_some_and(|least| length < least);
    let long = schema["maxLength"].as_u64().is_some_and(|most| length > most);
    let odd = schema["pattern"]
        .as_str()
        .is_some_and(|pattern| !regex::Regex::new(pattern).unwrap().is_match(text));
    let formed = match schema["format"].as_str() {
        Some("date") => text.parse::<chrono::NaiveDate>().is_ok(),
        Some("date-time") => text.parse::<chrono::DateTime<chrono::Utc>>().is_ok(),
        _ => true,
    };
    let faults = [
        (short || long, "has another length"),
        (odd, "has another pattern"),
        (!formed, "has another format"),
    ];
    let named = faults.into_iter().filter(|(bad, _)| *bad);
    named.map(|(_, what)| format!("{at} {what}: {text}")).collect()
}

#[test]
fn every_body_is_shown_and_what_is_shown_fits_its_schema() {
    let document = Document(serde_json::to_value(guildhall::api::openapi()).unwrap());
    let mut bodies = 0;
    let mut faults = Vec::new();
    for (path, item) in document.0["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (kind, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
                bodies += 1;
                let place = format!("{method} {path} {kind}");
                assert!(content["schema"].is_object(), "{place}: the body has no schema");
                let examples = shown(content);
                assert!(!examples.is_empty(), "{place}: the body has no example");
                for example in examples {
                    faults.extend(document.faults(&content["schema"], example, &place));
                }
            }
        }
    }
    assert!(bodies > 60, "{bodies}");
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn what_does_not_fit_is_named() {
    let document = Document(serde_json::to_value(guildhall::api::openapi()).unwrap());
    let schema = serde_json::json!({"$ref": "#/components/schemas/DealSubmission"});
    let wrong = serde_json::json!({"vendor_id": "deal_1", "customer": {"name": 1, "country": "DE"}, "products": [],
        "currency": "EUR", "colour": "red"});
    let mut faults = document.faults(&schema, &wrong, "");
    faults.sort();
    assert_eq!(
        faults,
        [
            "/colour is unknown",
            "/customer/name is not string",
            "/expected_close is missing",
            "/products has 0 items",
            "/vendor_id has another pattern: deal_1",
        ]
    );
}
