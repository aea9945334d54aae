use proptest::prelude::*;
use serde_json::json;

use super::*;

fn form(fields: Value) -> Form {
    Form {
        fields: serde_json::from_value(fields).unwrap(),
    }
}

fn facts(amount: &str, country: &'static str) -> Facts<'static> {
    Facts {
        amount: amount.parse().unwrap(),
        country,
        currency: Currency::JPY,
    }
}

fn faults(form: &Form, given: Value, facts: Facts<'_>) -> Vec<(String, &'static str)> {
    let mut checks = Checks::default();
    check(Some(form), given.as_object().unwrap(), facts, &mut checks);
    let faults = checks.faults().iter();
    faults.map(|fault| (fault.pointer.clone(), fault.code)).collect()
}

#[test]
fn a_condition_holds_when_all_that_it_says_does() {
    let form = form(json!([
        {"key": "site", "label": "S", "kind": "choice", "multiple": true, "options": [
            {"value": "a", "label": "A"}, {"value": "b", "label": "B"}]},
        {"key": "start", "label": "D", "kind": "date"},
        {"key": "seats", "label": "N", "kind": "number"},
        {"key": "why", "label": "W", "kind": "text", "required_if": [
            {"field": "site", "one_of": ["b"]}, {"field": "amount", "at_least": "10", "at_most": "20"},
            {"field": "country", "one_of": ["DE", "FR"]}, {"field": "start", "at_least": "2027-01-01"},
            {"field": "seats", "one_of": ["5"]}, {"field": "currency", "one_of": ["JPY"]}]},
    ]));
    let all = json!({"site": ["a", "b"], "start": "2027-01-01", "seats": "5.0"});
    let needed = vec![("/custom/why".to_owned(), "missing")];
    assert_eq!(faults(&form, all.clone(), facts("10", "DE")), needed);
    assert_eq!(faults(&form, all.clone(), facts("20.0", "FR")), needed);
    for (amount, country) in [("9.99", "DE"), ("20.01", "DE"), ("15", "IT")] {
        assert_eq!(faults(&form, all.clone(), facts(amount, country)), []);
    }
    for (key, value) in [
        ("site", json!(["a"])),
        ("start", json!("2026-12-31")),
        ("seats", json!("6")),
        ("seats", json!(null)),
    ] {
        let mut given = all.clone();
        given[key] = value;
        assert_eq!(faults(&form, given, facts("10", "DE")), [], "{key}");
    }
}

#[test]
fn amounts_have_the_decimals_of_the_deals_currency() {
    let form = form(json!([{"key": "m", "label": "M", "kind": "money", "min": "0", "max": "100"}]));
    let of = |text: &str| faults(&form, json!({"m": text}), facts("1", "JP"));
    assert_eq!(of("100"), []);
    assert_eq!(of("100.0"), []);
    for (text, code) in [
        ("1.5", "decimal"),
        ("-1", "amount"),
        ("101", "range"),
        ("1e2", "decimal"),
        ("", "decimal"),
    ] {
        assert_eq!(of(text), [("/custom/m".to_owned(), code)], "{text}");
    }
}

#[test]
fn a_key_that_is_no_field_is_named_by_a_pointer() {
    let mut checks = Checks::default();
    let given = json!({"a/b~c": 1});
    check(None, given.as_object().unwrap(), facts("1", "DE"), &mut checks);
    assert_eq!(checks.faults().first().unwrap().pointer, "/custom/a~1b~0c");
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[-0-9.e]{0,8}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        "20[0-9]{2}-[0-9]{2}-[0-9]{2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        proptest::collection::vec(inner, 0..3).prop_map(Value::from)
    })
}

proptest! {
    /// What is stored is accepted again as it is, whatever was sent.
    #[test]
    fn answers_have_one_way_of_writing(values in proptest::collection::vec(anything(), 6)) {
        let form = form(json!([
            {"key": "a", "label": "A", "kind": "text"}, {"key": "b", "label": "B", "kind": "number"},
            {"key": "c", "label": "C", "kind": "money"}, {"key": "d", "label": "D", "kind": "date"},
            {"key": "e", "label": "E", "kind": "choice", "options": [{"value": "x", "label": "X"}]},
            {"key": "f", "label": "F", "kind": "choice", "multiple": true, "options": [{"value": "x", "label": "X"}]},
        ]));
        let given: Map<String, Value> = ["a", "b", "c", "d", "e", "f"].map(str::to_owned).into_iter().zip(values).collect();
        let once = check(Some(&form), &given, facts("1", "DE"), &mut Checks::default());
        let mut checks = Checks::default();
        let twice = check(Some(&form), &once.values, facts("1", "DE"), &mut checks);
        prop_assert_eq!(checks.faults().len(), 0);
        prop_assert_eq!(once, twice);
    }
}
