use proptest::prelude::*;
use serde_json::json;

use super::*;

fn rule(name: &str, when: serde_json::Value) -> Rule {
    serde_json::from_value(json!({"name": name, "when": when, "outcome": "auto_approve"})).unwrap()
}

fn facts(amount: i64, currency: Currency) -> Facts {
    Facts {
        amount: Decimal::from(amount),
        currency,
        country: "DE".to_owned(),
        tier: Tier::Silver,
        certifications: Certifications::of(vec!["Gateway Expert".to_owned(), "Sales".to_owned()]),
        conflict: Level::Possible,
    }
}

#[test]
fn each_condition_decides() {
    let eur = facts(100, Currency::EUR);
    let table = [
        (json!({}), true),
        (json!({"amount_at_most": [{"currency": "EUR", "amount": "100"}]}), true),
        (
            json!({"amount_at_most": [{"currency": "EUR", "amount": "99.99"}]}),
            false,
        ),
        (
            json!({"amount_at_most": [{"currency": "USD", "amount": "1000"}]}),
            false,
        ),
        (json!({"amount_at_least": [{"currency": "EUR", "amount": "100"}]}), true),
        (
            json!({"amount_at_least": [{"currency": "EUR", "amount": "100.01"}]}),
            false,
        ),
        (json!({"tiers": ["gold"]}), false),
        (json!({"tiers": ["gold", "silver"]}), true),
        (json!({"certifications": ["gateway expert"]}), true),
        (json!({"certifications": ["Sales", "Gateway expert"]}), true),
        (json!({"certifications": ["Gateway expert", "Security"]}), false),
        (json!({"countries": ["AT"]}), false),
        (json!({"countries": ["AT", "DE"]}), true),
        (json!({"conflict_below": "possible"}), false),
        (json!({"conflict_below": "likely"}), true),
    ];
    for (when, applies) in table {
        let rules = [rule("r", when.clone())];
        let (found, trials) = route(&rules, &eur);
        assert_eq!(found.is_some(), applies, "{when}");
        assert_eq!(trials[0].unmet.is_empty(), applies, "{when}: {:?}", trials[0].unmet);
    }
}

#[test]
fn the_first_that_applies_wins_and_the_others_say_why_not() {
    let rules = [
        rule(
            "small",
            json!({"amount_at_most": [{"currency": "EUR", "amount": "50"}]}),
        ),
        rule("german", json!({"countries": ["DE"]})),
        rule("any", json!({})),
    ];
    let (found, trials) = route(&rules, &facts(100, Currency::EUR));
    assert_eq!(found.unwrap().name, "german");
    assert_eq!(trials[0].unmet, ["the amount 100 EUR is above 50 EUR"]);
    assert!(trials[2].applies);
}

proptest! {
    /// A limit from either side leaves no amount without one of the two rules.
    #[test]
    fn a_threshold_splits_all_amounts(amount in 0_i64..10_000, limit in 0_i64..10_000) {
        let at = json!([{"currency": "EUR", "amount": limit.to_string()}]);
        let rules = [rule("most", json!({"amount_at_most": at})), rule("least", json!({"amount_at_least": at}))];
        let (_, trials) = route(&rules, &facts(amount, Currency::EUR));
        prop_assert_eq!(trials[0].applies, amount <= limit);
        prop_assert_eq!(trials[1].applies, amount >= limit);
    }
}
