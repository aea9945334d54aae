//! Expressions of rules, through plans.

use crate::sales::{deal, figure, line, plan};
use guildhall_plans::{CalcFault, Plan, Sale};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn amount_plan(expression: &str) -> Value {
    json!({
        "type": "commission", "trigger": "deal_won", "currency": "EUR",
        "rules": [{"name": "computed", "rate": {"expression": expression}}],
    })
}

fn condition_plan(expression: &str) -> Value {
    json!({
        "type": "commission", "trigger": "deal_won", "currency": "EUR",
        "rules": [{"name": "asked", "when": {"expression": expression}, "rate": {"flat": "1"}}],
    })
}

fn example() -> Sale {
    let amount = figure("1000.00");
    let mut sale = deal(vec![line(1, "cloud", amount, amount)]);
    sale.month = 3;
    sale.facts = [
        ("seats", json!("12")),
        ("discount", json!(2.5)),
        ("renews", json!(true)),
        ("segment", json!("public")),
        ("notes", json!(["a"])),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    sale
}

fn earned(spec: &Value, sale: &Sale) -> Result<Decimal, CalcFault> {
    let found = plan(spec).contributions(sale, Decimal::ONE)?;
    Ok(found.iter().map(|contribution| contribution.direct).sum())
}

#[test]
fn amounts() {
    for (expression, expected) in [
        ("amount * 0.1", "100"),
        ("1 / 2 * amount", "500"),
        ("7 / 2", "3.5"),
        ("-5 + +8", "3"),
        ("10 % 4", "2"),
        ("2 - 10", "0"),
        ("max(amount * 0.01, 25)", "25"),
        ("min(amount, 30) + abs(0 - 3)", "33"),
        ("round(2.5) + floor(1.9) + ceiling(1.1)", "5"),
        ("round(0.125, 2)", "0.12"),
        ("(amount - cost) * 0.1", "50"),
        ("amount / 100 + quantity + month", "15"),
        ("sale_total / 1000", "1"),
        ("choose(tier == \"gold\", 9, 4)", "9"),
        ("number(\"seats\") * number(\"discount\")", "30"),
        ("0.1 + 0.2", "0.30"),
        ("9223372036854775807 - 9223372036854775800", "7"),
    ] {
        assert_eq!(
            earned(&amount_plan(expression), &example()),
            Ok(figure(expected)),
            "{expression}"
        );
    }
}

#[test]
fn conditions() {
    for (expression, holds) in [
        ("amount >= 1000", true),
        ("amount > 1000", false),
        ("family == \"cloud\" && region != \"apac\"", true),
        ("country == \"AT\" || deal_type == \"new\"", true),
        ("!(deal_type == \"renewal\")", true),
        ("starts_with(sku, \"cloud-\") && contains(sku, \"1\")", true),
        ("fact(\"segment\") == \"public\"", true),
        ("fact(\"renews\")", true),
        ("fact(\"discount\") < 3", true),
        ("fact(\"missing\") == \"public\"", false),
        ("fact(\"missing\") > 1", false),
        ("has(\"seats\") && number(\"seats\") > 10", true),
        ("has(\"missing\") && number(\"missing\") > 10", false),
        ("activity == \"\"", true),
        ("kept == 1000", true),
        ("kept < amount", false),
    ] {
        let expected = Decimal::from(u8::from(holds));
        assert_eq!(
            earned(&condition_plan(expression), &example()),
            Ok(expected),
            "{expression}"
        );
    }
}

#[test]
fn what_is_wrong_is_found_before_anything_is_sold() {
    for (expression, code, place) in [
        ("amount *", "expression_syntax", "line 1, column 9"),
        ("amount\n  * * 2", "expression_syntax", "line 2, column 5"),
        ("let x = 1; x", "expression_syntax", "line 1, column 1"),
        (
            "if amount > 1 { 2 } else { 3 }",
            "expression_syntax",
            "line 1, column 1",
        ),
        ("while true { }", "expression_syntax", "line 1, column 1"),
        ("amount = 3", "expression_syntax", "line 1, column 8"),
        ("{ 1 }", "expression_syntax", "line 1, column 1"),
        ("|x| x", "expression_syntax", "line 1, column 1"),
        ("", "expression_syntax", "line 1, column 1"),
        ("2 * margin", "unknown_name", "line 1, column 5"),
        ("eval(\"1\")", "unknown_name", "line 1, column"),
        ("print(\"1\")", "unknown_name", "line 1, column 1"),
        ("amount ** 9", "unknown_name", "line 1, column 8"),
        ("1 << 3", "unknown_name", "line 1, column 3"),
        ("amount + sku", "wrong_type", "line 1, column 10"),
        ("amount > 3", "wrong_type", "line 1, column"),
        ("sku", "wrong_type", "line 1, column 1"),
        ("\"a\" + \"b\"", "wrong_type", "line 1, column 1"),
        ("choose(amount, 1, 2)", "wrong_type", "line 1, column 8"),
        ("choose(true, 1, \"a\")", "wrong_type", "line 1, column 17"),
        ("number(sku)", "wrong_type", "line 1, column 8"),
        ("kept * 0.1", "not_in_amounts", "line 1, column 1"),
        ("choose(kept < amount, 1, 2)", "not_in_amounts", "line 1, column 8"),
        ("'a'", "expression_syntax", "line 1, column 1"),
        ("()", "expression_syntax", "line 1, column 1"),
        ("`a${amount}`", "expression_syntax", "line 1, column 1"),
    ] {
        let faults = Plan::parse(&amount_plan(expression)).map(|_| expression).unwrap_err();
        assert_eq!(faults.len(), 1, "{expression}: {faults:?}");
        assert_eq!(faults[0].pointer, "/rules/0/rate/expression");
        assert_eq!(faults[0].code, code, "{expression}: {faults:?}");
        assert!(faults[0].message.starts_with(place), "{expression}: {faults:?}");
    }
    for expression in ["amount", "1 + 1", "sku", "true < false", "amount == sku"] {
        let faults = Plan::parse(&condition_plan(expression))
            .map(|_| expression)
            .unwrap_err();
        assert_eq!(faults[0].code, "wrong_type", "{expression}: {faults:?}");
        assert_eq!(faults[0].pointer, "/rules/0/when/expression");
    }
}

#[test]
fn long_and_deep_ones_are_refused() {
    let deep = format!("{}1{}", "(".repeat(500), ")".repeat(500));
    let chain = vec!["1"; 200].join("+");
    let nested = format!("{}1{}", "abs(".repeat(300), ")".repeat(300));
    for (expression, codes) in [
        ("1".repeat(2001), ["expression_too_long"; 2]),
        (deep, ["expression_too_deep", "expression_syntax"]),
        (chain, ["expression_too_deep", "expression_syntax"]),
        (nested, ["expression_too_deep", "expression_syntax"]),
        ("!".repeat(1900) + "true", ["expression_too_deep", "expression_syntax"]),
    ] {
        let faults = Plan::parse(&amount_plan(&expression)).map(|_| ()).unwrap_err();
        assert!(codes.contains(&faults[0].code), "{faults:?}");
    }
}

#[test]
fn what_fails_later_names_the_rule_and_the_place() {
    for (expression, said) in [
        ("amount / (cost - 500)", "zero"),
        ("amount % (cost - 500)", "zero"),
        ("9999999999999999999 * 9999999999999999999", "overflow"),
        ("number(\"missing\") * 2", "\"missing\" is no number"),
        ("fact(\"segment\") * 2", "*"),
        ("fact(\"segment\")", "not in a number"),
    ] {
        let fault = earned(&amount_plan(expression), &example()).unwrap_err();
        let CalcFault::Expression { rule, pointer, message } = fault else {
            panic!("{fault:?}");
        };
        assert_eq!((&*rule, &*pointer), ("computed", "/rules/0/rate/expression"));
        assert!(message.to_lowercase().contains(said), "{expression}: {message}");
    }
    let mut sale = example();
    sale.lines[0].cost = None;
    let fault = earned(&amount_plan("amount - cost"), &sale).unwrap_err();
    assert_eq!(fault.code(), "missing_cost");
}

#[test]
fn facts_of_one_sale_are_not_seen_by_the_next() {
    let spec = condition_plan("has(\"seats\")");
    assert_eq!(earned(&spec, &example()), Ok(Decimal::ONE));
    let mut bare = example();
    bare.facts.clear();
    assert_eq!(earned(&spec, &bare), Ok(Decimal::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn no_text_makes_it_panic(text in "[-a-z0-9 +*/%()<>=!&|\"'.,{}\\[\\];`$#@?:^~_\n]{0,60}") {
        let _ = Plan::parse(&condition_plan(&text));
        if let Ok(plan) = Plan::parse(&amount_plan(&text)) {
            let _ = plan.contributions(&example(), Decimal::ONE);
        }
    }

    #[test]
    fn what_passes_the_check_fails_by_arithmetic_alone(words in prop::collection::vec(prop::sample::select(vec![
        "amount", "quantity", "month", "sku", "tier", "1", "0", "2.5", "\"a\"", "+", "-", "*", "/", "%", "==", "<", "&&", "||", "!", "(", ")",
        "min(", "max(", "choose(", "round(", ",", "true", "cost",
    ]), 1..9)) {
        if let Ok(plan) = Plan::parse(&amount_plan(&words.join(" "))) {
            match plan.contributions(&example(), Decimal::ONE) {
                Err(CalcFault::Expression { message, .. }) => {
                    let arithmetic = ["zero", "overflow"].iter().any(|word| message.to_lowercase().contains(word));
                    prop_assert!(arithmetic, "{:?}: {}", words, message);
                }
                other => prop_assert!(other.is_ok(), "{:?}: {:?}", words, other),
            }
        }
    }
}
