//! The OpenAPI schema of plans says what must be given.

use guildhall_plans::PlanSpec;
use serde_json::{Value, json};
use utoipa::{PartialSchema, ToSchema};

#[test]
fn only_what_is_needed_is_required() {
    let mut schemas = vec![("PlanSpec".to_owned(), PlanSpec::schema())];
    PlanSpec::schemas(&mut schemas);
    let schemas: serde_json::Map<String, Value> = schemas
        .into_iter()
        .map(|(name, schema)| (name, serde_json::to_value(schema).unwrap()))
        .collect();
    for (name, required) in [
        ("PlanCommon", json!(["trigger"])),
        ("CommissionSpec", json!(["rules"])),
        ("RebateSpec", json!(["measure", "bands"])),
        ("SpiffSpec", Value::Null),
        ("BonusSpec", Value::Null),
        ("Accelerator", json!(["measure", "bands"])),
        ("PlanGoalBands", json!(["measure", "bands"])),
        ("PlanRule", json!(["name", "rate"])),
        ("PlanPeriods", json!(["every"])),
    ] {
        assert_eq!(schemas[name]["required"], required, "{name}: {}", schemas[name]);
    }
    let types = schemas["PlanTerms"]["oneOf"].as_array().unwrap().len();
    assert_eq!(types, 4, "{}", schemas["PlanTerms"]);
    assert_eq!(schemas["PlanFigure"]["type"], "string");
}
