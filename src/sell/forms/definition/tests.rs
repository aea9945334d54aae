use guildhall_spine::http::Checks;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn faults(fields: Value) -> Vec<String> {
    let form = Form {
        fields: serde_json::from_value(fields).unwrap(),
    };
    let mut checks = Checks::default();
    form.examine(&mut checks);
    let faults = checks.faults().iter();
    faults
        .map(|fault| format!("{} {}", fault.pointer, fault.code))
        .collect()
}

#[test]
fn a_condition_may_look_at_a_later_field_and_at_the_deal() {
    let good = json!([
        {"key": "a", "label": "A", "kind": "text", "required_if": [{"field": "b", "at_least": "2027-01-01"}]},
        {"key": "b", "label": "B", "kind": "date", "required_if": [{"field": "currency", "one_of": ["EUR"]}]},
        {"key": "c", "label": "C", "kind": "file", "required_if": [{"field": "amount", "at_least": "10", "at_most": "20"}]},
    ]);
    assert_eq!(faults(good), [""; 0]);
}

#[test]
fn a_condition_on_a_file_or_on_what_never_is_means_nothing() {
    let bad = json!([
        {"key": "a", "label": "A", "kind": "file"},
        {"key": "b", "label": "B", "kind": "choice", "options": [{"value": "x", "label": "X"}]},
        {"key": "c", "label": "C", "kind": "text", "required_if": [
            {"field": "a", "one_of": ["x"]}, {"field": "b", "one_of": ["y"]}, {"field": "amount", "at_least": "ten"}]},
    ]);
    assert_eq!(
        faults(bad),
        [
            "/fields/2/required_if/0/field not_comparable",
            "/fields/2/required_if/1/one_of/0 value",
            "/fields/2/required_if/2/at_least value",
        ]
    );
}

proptest! {
    #[test]
    fn keys_are_plain_names(key in "[a-zA-Z0-9_ /~é]{0,44}") {
        let fields = json!([{"key": key, "label": "L", "kind": "text"}]);
        let plain = key.starts_with(|c: char| c.is_ascii_lowercase()) && key.len() <= 40
            && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let reserved = matches!(key.as_str(), "amount" | "country" | "currency");
        prop_assert_eq!(faults(fields).is_empty(), plain && !reserved);
    }
}
