//! What is wrong with a plan is named, where it stands, and all at once.

use guildhall_plans::Plan;
use serde_json::{Value, json};

fn found(spec: &Value) -> Vec<(String, &'static str)> {
    let faults = Plan::parse(spec).err().unwrap_or_default();
    faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

fn commission(fields: Value) -> Value {
    merged(
        json!({
            "type": "commission", "trigger": "deal_won", "currency": "EUR",
            "rules": [{"name": "all", "rate": {"percent": "10"}}],
        }),
        fields,
    )
}

fn rebate(fields: Value) -> Value {
    merged(
        json!({
            "type": "rebate", "trigger": "invoiced", "currency": "EUR", "period": {"every": "quarter"},
            "measure": "revenue", "bands": [{"from": "100", "percent": "2"}],
        }),
        fields,
    )
}

fn spiff(fields: Value) -> Value {
    merged(
        json!({"type": "spiff", "trigger": "activity", "currency": "EUR", "amount": {"per_activity": "5"}}),
        fields,
    )
}

fn contest(fields: Value) -> Value {
    let prizes = json!([{"from": 1, "to": 1, "amount": "10"}]);
    merged(
        json!({"type": "bonus", "trigger": "activity", "currency": "EUR", "contest": {"measure": "sales", "prizes": prizes}}),
        fields,
    )
}

fn merged(mut spec: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        spec[name] = value.clone();
    }
    spec
}

fn rule(rule: Value) -> Value {
    commission(json!({"rules": [rule]}))
}

fn accelerator(bands: Value) -> Value {
    commission(json!({"accelerator": {"measure": "revenue", "bands": bands}}))
}

fn check(table: Vec<(Value, &str, &'static str)>) {
    for (spec, pointer, code) in table {
        assert_eq!(found(&spec), [(pointer.to_owned(), code)], "{spec}");
    }
}

#[test]
fn sound_plans_pass() {
    for spec in [
        commission(json!({})),
        commission(json!({"currency": null})),
        rebate(json!({})),
        spiff(json!({})),
        contest(json!({})),
        accelerator(json!([{"from": "0", "factor": "10"}, {"from": "0.000001", "percent": "100"}])),
        commission(json!({"split": {"sourced": "60", "distributed": "40"}})),
        commission(json!({"currency": "JPY", "rules": [{"name": "all", "rate": {"flat": "5.0"}}]})),
    ] {
        assert_eq!(found(&spec), [], "{spec}");
    }
}

#[test]
fn the_common_part() {
    check(vec![
        (json!([]), "", "malformed"),
        (commission(json!({"type": "gift"})), "/type", "unknown_value"),
        (commission(json!({"trigger": "deal_lost"})), "/trigger", "unknown_value"),
        (commission(json!({"colour": 1})), "/colour", "unknown_field"),
        (commission(json!({"a/b~": 1})), "/a~1b~0", "unknown_field"),
        (commission(json!({"measure": "revenue"})), "/measure", "unknown_field"),
        (commission(json!({"currency": "EUX"})), "/currency", "unknown_currency"),
        (commission(json!({"currency": 3})), "/currency", "malformed"),
        (commission(json!({"hold_days": 366})), "/hold_days", "out_of_bounds"),
        (commission(json!({"hold_days": -1})), "/hold_days", "malformed"),
        (
            commission(json!({"period": {"every": "week"}})),
            "/period/every",
            "unknown_value",
        ),
        (
            commission(json!({"period": {"every": "year", "fiscal_year_start": 13}})),
            "/period/fiscal_year_start",
            "out_of_bounds",
        ),
        (
            commission(json!({"expires_after_months": 1201})),
            "/expires_after_months",
            "out_of_bounds",
        ),
        (commission(json!({"budget": "10.001"})), "/budget", "too_many_decimals"),
        (commission(json!({"budget": "1e3"})), "/budget", "malformed_figure"),
        (commission(json!({"budget": 1000})), "/budget", "malformed"),
        (
            commission(json!({"budget": "1000000000000001"})),
            "/budget",
            "out_of_bounds",
        ),
        (
            commission(json!({"cap": {"per_sale": "-1"}})),
            "/cap/per_sale",
            "negative",
        ),
        (
            commission(json!({"cap": {"per_year": "1"}})),
            "/cap/per_year",
            "unknown_field",
        ),
        (
            commission(json!({"cap": {"per_sale": "1"}, "floor": {"per_sale": "2"}})),
            "/floor/per_sale",
            "floor_over_cap",
        ),
        (commission(json!({"roles": []})), "/roles", "roles_needed"),
        (
            commission(json!({"roles": ["sourced", "sourced"], "split": {"sourced": "1"}})),
            "/roles/1",
            "duplicate_role",
        ),
        (
            commission(json!({"roles": ["sourced"], "split": {"serviced": "1", "sourced": "9"}})),
            "/split/serviced",
            "role_not_earning",
        ),
        (
            commission(json!({"split": {"sourced": "60", "serviced": "40.01"}})),
            "/split",
            "split_over_100",
        ),
        (
            commission(json!({"eligible": {"countries": ["DE", "UK"]}})),
            "/eligible/countries/1",
            "unknown_country",
        ),
        (
            rebate(json!({"floor": {"per_sale": "1"}})),
            "/floor/per_sale",
            "not_for_this_type",
        ),
        (rebate(json!({"trigger": "activity"})), "/trigger", "trigger_mismatch"),
        (rebate(json!({"currency": null})), "/currency", "currency_needed"),
        (
            commission(json!({"currency": null, "cap": {"per_sale": "1"}})),
            "/currency",
            "currency_needed",
        ),
        (
            json!({"type": "commission", "trigger": "deal_won", "rules": [{"name": "a", "rate": {"flat": "1"}}]}),
            "/currency",
            "currency_needed",
        ),
        (
            commission(json!({"rules": [{"name": "x".repeat(70_000), "rate": {"percent": "1"}}]})),
            "",
            "too_large",
        ),
    ]);
}

#[test]
fn commissions() {
    let many: Vec<Value> = (0..101)
        .map(|place| json!({"name": place.to_string(), "when": {"skus": ["a"]}, "rate": {"percent": "1"}}))
        .collect();
    let bands: Vec<Value> = (0..51)
        .map(|from| json!({"from": from.to_string(), "factor": "1"}))
        .collect();
    let named = |name: &str| json!({"name": name, "when": {"tiers": ["a"]}, "rate": {"percent": "1"}});
    check(vec![
        (commission(json!({"rules": null})), "/rules", "missing"),
        (commission(json!({"rules": []})), "/rules", "rules_needed"),
        (commission(json!({"rules": many})), "/rules", "too_many_rules"),
        (
            rule(json!({"name": " ", "rate": {"percent": "1"}})),
            "/rules/0/name",
            "name_length",
        ),
        (rule(json!({"name": "a"})), "/rules/0", "missing"),
        (
            rule(json!({"name": "a", "rate": {"percent": "100.01"}})),
            "/rules/0/rate/percent",
            "percent_over_100",
        ),
        (
            rule(json!({"name": "a", "rate": {"percent": "-1"}})),
            "/rules/0/rate/percent",
            "negative",
        ),
        (
            rule(json!({"name": "a", "rate": {"percent": "ten"}})),
            "/rules/0/rate/percent",
            "malformed_figure",
        ),
        (
            rule(json!({"name": "a", "rate": {"share": "1"}})),
            "/rules/0/rate",
            "unknown_value",
        ),
        (
            rule(json!({"name": "a", "rate": {"flat": "1.234"}})),
            "/rules/0/rate/flat",
            "too_many_decimals",
        ),
        (
            rule(json!({"name": "a", "rate": {"margin_percent": "101"}})),
            "/rules/0/rate/margin_percent",
            "percent_over_100",
        ),
        (
            rule(json!({"name": "a", "rate": {"percent": "1"}, "when": {"countries": ["XX"]}})),
            "/rules/0/when/countries/0",
            "unknown_country",
        ),
        (
            rule(json!({"name": "a", "rate": {"percent": "1"}, "when": {"activities": ["x"]}})),
            "/rules/0/when/activities",
            "condition_mismatch",
        ),
        (
            rule(json!({"name": "a", "rate": {"percent": "1"}, "when": {"products": ["p1"]}})),
            "/rules/0/when/products/0",
            "malformed",
        ),
        (
            commission(json!({"rules": [named("a"), named("a")]})),
            "/rules/1/name",
            "duplicate_name",
        ),
        (
            commission(json!({"rules": [{"name": "b", "rate": {"percent": "1"}}, named("a")]})),
            "/rules/1",
            "unreachable_rule",
        ),
        (accelerator(json!([])), "/accelerator/bands", "bands_needed"),
        (accelerator(json!(bands)), "/accelerator/bands", "too_many_bands"),
        (
            accelerator(json!([{"from": "5", "factor": "1"}, {"from": "5", "factor": "2"}])),
            "/accelerator/bands/1/from",
            "bands_overlap",
        ),
        (
            accelerator(json!([{"from": "5", "factor": "10.1"}])),
            "/accelerator/bands/0/factor",
            "factor_over_10",
        ),
        (
            accelerator(json!([{"from": "5", "percent": "200"}])),
            "/accelerator/bands/0/percent",
            "percent_over_100",
        ),
        (
            accelerator(json!([{"from": "5", "percent": "2", "factor": "2"}])),
            "/accelerator/bands/0/percent",
            "more_than_one",
        ),
        (accelerator(json!([{"from": "5"}])), "/accelerator/bands/0", "missing"),
    ]);
}

#[test]
fn rebates_spiffs_and_bonuses() {
    let prizes = |prizes: Value| contest(json!({"contest": {"measure": "sales", "prizes": prizes}}));
    check(vec![
        (
            rebate(json!({"bands": [{"from": "0", "flat": "5"}]})),
            "/bands/0/from",
            "not_above_zero",
        ),
        (
            rebate(json!({"bands": [{"from": "9", "flat": "5.555"}]})),
            "/bands/0/flat",
            "too_many_decimals",
        ),
        (
            rebate(json!({"measure": "growth", "bands": [{"from": "9", "per_unit": "5"}]})),
            "/bands/0/per_unit",
            "reward_mismatch",
        ),
        (
            rebate(json!({"measure": "growth", "period": {"every": "plan"}})),
            "/period/every",
            "no_baseline",
        ),
        (
            rebate(json!({"baseline": "year_before"})),
            "/baseline",
            "not_for_this_measure",
        ),
        (
            rebate(json!({"grace_days": 9, "calculation_day": 8})),
            "/calculation_day",
            "calculation_before_grace",
        ),
        (
            rebate(json!({"annual_true_up": {"bands": []}})),
            "/annual_true_up/bands",
            "bands_needed",
        ),
        (
            rebate(json!({"budget": "100", "annual_true_up": {"bands": [{"from": "1", "percent": "1"}]}})),
            "/budget",
            "not_for_this_type",
        ),
        (
            rebate(json!({"period": {"every": "year"}, "annual_true_up": {"bands": [{"from": "1", "percent": "1"}]}})),
            "/annual_true_up",
            "period_too_long",
        ),
        (spiff(json!({"amount": null})), "/amount", "missing"),
        (
            spiff(json!({"amount": {"per_sale": "5"}})),
            "/amount/per_sale",
            "trigger_mismatch",
        ),
        (
            spiff(json!({"trigger": "deal_won"})),
            "/amount/per_activity",
            "trigger_mismatch",
        ),
        (spiff(json!({"first_n": 0})), "/first_n", "out_of_bounds"),
        (
            spiff(json!({"trigger": "deal_won", "amount": {"per_sale": "5"}, "proof": true})),
            "/proof",
            "trigger_mismatch",
        ),
        (
            spiff(json!({"when": {"skus": ["a"]}})),
            "/when/skus",
            "condition_mismatch",
        ),
        (
            spiff(json!({"goal": {"measure": "sales", "at_least": "0", "amount": "1"}})),
            "/goal/at_least",
            "not_above_zero",
        ),
        (
            spiff(json!({"when": {"expression": "nothing"}})),
            "/when/expression",
            "unknown_name",
        ),
        (contest(json!({"budget": "100"})), "/budget", "not_for_this_type"),
        (
            contest(json!({"cap": {"per_period": "1"}})),
            "/cap/per_period",
            "not_for_this_type",
        ),
        (contest(json!({"contest": null})), "", "missing"),
        (
            contest(json!({"goal": {"measure": "sales", "bands": [{"from": "1", "amount": "1"}]}})),
            "/contest",
            "more_than_one",
        ),
        (prizes(json!([])), "/contest/prizes", "prizes_needed"),
        (
            prizes(json!([{"from": 1, "to": 3, "amount": "1"}, {"from": 3, "to": 4, "amount": "1"}])),
            "/contest/prizes/1/from",
            "prizes_overlap",
        ),
        (
            prizes(json!([{"from": 1, "to": 0, "amount": "1"}])),
            "/contest/prizes/0/to",
            "out_of_bounds",
        ),
        (
            prizes(json!([{"from": 1, "to": 1, "amount": "1.001"}])),
            "/contest/prizes/0/amount",
            "too_many_decimals",
        ),
    ]);
}

#[test]
fn all_faults_are_found_at_once() {
    let spec = json!({
        "type": "commission", "trigger": "deal_won", "currency": "XXQ", "hold_days": 999, "extra": true,
        "rules": [
            {"name": "a", "when": {"expression": "amount >"}, "rate": {"percent": "120"}},
            {"name": "b", "rate": {"expression": "margin * 2"}},
        ],
        "accelerator": {"measure": "revenue", "bands": [{"from": "2", "factor": "11"}, {"from": "1", "factor": "1"}]},
    });
    let codes: Vec<&str> = found(&spec).into_iter().map(|(_, code)| code).collect();
    for code in [
        "unknown_currency",
        "out_of_bounds",
        "unknown_field",
        "percent_over_100",
        "factor_over_10",
    ] {
        assert!(codes.contains(&code), "{code} in {codes:?}");
    }
    let spec = rule(json!({"name": "a", "when": {"expression": "amount >"}, "rate": {"expression": "margin * 2"}}));
    assert_eq!(found(&spec).len(), 2, "both expressions of a rule");
}
