//! Who earns what with a sale, and why.

use crate::sales::{deal, figure, line, party, plan};
use guildhall_kernel::Currency;
use guildhall_plans::{CalcFault, DealType, Payee, PlanKind, Role, Sale, SaleLimitKind, Trigger};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

fn commission(fields: Value) -> Value {
    let mut spec = json!({
        "type": "commission", "trigger": "deal_won", "currency": "EUR", "rules": [{"name": "all", "rate": {"percent": "10"}}],
    });
    for (name, value) in fields.as_object().unwrap() {
        spec[name] = value.clone();
    }
    spec
}

fn thousand() -> Sale {
    deal(vec![line(1, "cloud", figure("1000"), figure("1000"))])
}

fn earned(spec: &Value, sale: &Sale) -> Decimal {
    let found = plan(spec).contributions(sale, Decimal::ONE).unwrap();
    found.iter().map(|contribution| contribution.direct).sum()
}

#[test]
fn conditions_are_of_the_line_the_sale_and_the_party() {
    let product = "prod_01h455vb4pex5vsknk084sn02q";
    let parsed: guildhall_kernel::ProductId = product.parse().unwrap();
    let mut sale = thousand();
    sale.lines[0].product = Some(parsed.uuid());
    let table = [
        (json!({"products": [product]}), true),
        (json!({"products": ["prod_01h455vb4pex5vsknk084sn02r"]}), false),
        (json!({"skus": ["x", "cloud-1", "a"]}), true),
        (json!({"skus": ["cloud-2"]}), false),
        (json!({"families": ["device", "cloud"]}), true),
        (json!({"families": ["Cloud"]}), false),
        (json!({"tiers": ["gold"]}), true),
        (json!({"tiers": ["silver"]}), false),
        (json!({"regions": ["emea"]}), true),
        (json!({"regions": ["apac"]}), false),
        (json!({"countries": ["AT", "DE"]}), true),
        (json!({"countries": ["AT"]}), false),
        (json!({"deal_types": ["new", "expansion"]}), true),
        (json!({"deal_types": ["renewal"]}), false),
        (json!({"families": ["cloud"], "tiers": ["silver"]}), false),
    ];
    for (when, applies) in table {
        let spec = commission(json!({"rules": [{"name": "asked", "when": when, "rate": {"percent": "10"}}]}));
        assert_eq!(
            earned(&spec, &sale),
            Decimal::from(if applies { 100 } else { 0 }),
            "{when}"
        );
    }
    sale.country = None;
    let spec = commission(json!({"rules": [{"name": "a", "when": {"countries": ["DE"]}, "rate": {"percent": "1"}}]}));
    assert_eq!(
        earned(&spec, &sale),
        Decimal::ZERO,
        "what a sale lacks meets no condition"
    );
}

#[test]
fn who_can_earn() {
    let partner = "org_01h455vb4pex5vsknk084sn02q";
    let id: guildhall_kernel::OrgId = partner.parse().unwrap();
    for (eligible, earns) in [
        (json!({"tiers": ["gold"]}), true),
        (json!({"tiers": ["silver"]}), false),
        (json!({"regions": ["apac"]}), false),
        (json!({"countries": ["DE"]}), true),
        (json!({"countries": ["FR"]}), false),
        (json!({"partners": [partner]}), false),
    ] {
        let spec = commission(json!({"eligible": eligible}));
        assert_eq!(earned(&spec, &thousand()) > Decimal::ZERO, earns, "{eligible}");
    }
    let mut sale = thousand();
    sale.parties[0].partner = id.uuid();
    let spec = commission(json!({"eligible": {"partners": [partner]}}));
    assert_eq!(earned(&spec, &sale), figure("100"));
}

#[test]
fn only_the_plans_kind_of_sale_and_months_earn() {
    let mut sale = thousand();
    sale.trigger = Trigger::Invoiced;
    assert!(
        plan(&commission(json!({})))
            .contributions(&sale, Decimal::ONE)
            .unwrap()
            .is_empty()
    );
    for (expires, month, earns) in [
        (json!(null), 500, true),
        (json!(0), 0, true),
        (json!(0), 1, false),
        (json!(1), 0, true),
        (json!(1), 1, false),
        (json!(12), 11, true),
        (json!(12), 12, false),
    ] {
        let mut sale = thousand();
        sale.month = month;
        let spec = commission(json!({"expires_after_months": expires}));
        assert_eq!(earned(&spec, &sale) > Decimal::ZERO, earns, "{expires} {month}");
    }
}

#[test]
fn persons_are_paid_where_the_plan_says_so() {
    let mut sale = thousand();
    sale.parties = vec![
        party(1, Role::Sourced, figure("50")),
        party(2, Role::Sourced, figure("30")),
    ];
    sale.parties[1].user = None;
    let found = plan(&commission(json!({"payee": "person"})))
        .contributions(&sale, Decimal::ONE)
        .unwrap();
    assert_eq!(found.len(), 1, "a party without a seller earns nothing");
    assert_eq!(
        (found[0].payee.user, found[0].direct),
        (sale.parties[0].user, figure("50"))
    );
    let found = plan(&commission(json!({}))).contributions(&sale, Decimal::ONE).unwrap();
    assert!(found.iter().all(|contribution| contribution.payee.user.is_none()));
    assert_eq!(found.len(), 2);
}

#[test]
fn a_partner_with_two_roles_gets_one_contribution_with_two_parts() {
    let mut sale = thousand();
    sale.parties = vec![
        party(1, Role::Sourced, figure("100")),
        party(2, Role::Distributed, figure("50")),
        party(1, Role::Distributed, figure("50")),
    ];
    let spec = commission(json!({"split": {"sourced": "80", "distributed": "10"}}));
    let found = plan(&spec).contributions(&sale, Decimal::ONE).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].direct, found[1].direct), (figure("85"), figure("5")));
    assert_eq!((found[0].basis, found[0].sales), (figure("850"), figure("0.85")));
    let roles: Vec<Role> = found[0].explanation.parts.iter().map(|part| part.role).collect();
    assert_eq!(roles, [Role::Sourced, Role::Distributed]);
}

#[test]
fn tiers_of_the_parties_decide_their_rules() {
    let mut sale = thousand();
    sale.parties = vec![
        party(1, Role::Sourced, figure("50")),
        party(2, Role::Sourced, figure("50")),
    ];
    sale.parties[1].tier = Some("silver".to_owned());
    let rules = json!([
        {"name": "gold", "when": {"tiers": ["gold"]}, "rate": {"percent": "20"}},
        {"name": "rest", "rate": {"percent": "10"}},
    ]);
    let found = plan(&commission(json!({"rules": rules})))
        .contributions(&sale, Decimal::ONE)
        .unwrap();
    assert_eq!((found[0].direct, found[1].direct), (figure("100"), figure("50")));
}

#[test]
fn other_currencies_are_converted_and_no_currency_means_that_of_the_sale() {
    let mut sale = thousand();
    sale.currency = Currency::USD;
    let spec = commission(json!({"rules": [{"name": "a", "rate": {"percent": "10"}}], "cap": {"per_sale": "1000"}}));
    let found = plan(&spec).contributions(&sale, figure("0.91237")).unwrap();
    assert_eq!((found[0].direct, found[0].basis), (figure("91.24"), figure("912.37")));
    sale.currency = Currency::JPY;
    let found = plan(&commission(json!({"currency": null})))
        .contributions(&sale, Decimal::ONE)
        .unwrap();
    assert_eq!(found[0].direct.to_string(), "100");
}

#[test]
fn activities_earn_by_themselves() {
    let spec = json!({
        "type": "spiff", "trigger": "activity", "currency": "USD", "payee": "person", "first_n": 3,
        "amount": {"per_activity": "25"}, "when": {"activities": ["demo", "training"]}, "budget": "500",
    });
    let plan = plan(&spec);
    assert_eq!(
        (plan.kind(), plan.first_n(), plan.budget()),
        (PlanKind::Spiff, Some(3), Some(figure("500")))
    );
    assert!(!plan.needs_progress());
    let mut sale = deal(vec![]);
    sale.trigger = Trigger::Activity;
    sale.activity = Some("demo".to_owned());
    let found = plan.contributions(&sale, Decimal::ONE).unwrap();
    assert_eq!(
        (found[0].direct, found[0].sales, found[0].basis),
        (figure("25"), Decimal::ONE, Decimal::ZERO)
    );
    sale.activity = Some("call".to_owned());
    assert!(plan.contributions(&sale, Decimal::ONE).unwrap().is_empty());
}

#[test]
fn what_only_counts_earns_nothing_by_itself() {
    let spec = json!({
        "type": "rebate", "trigger": "deal_won", "currency": "EUR", "period": {"every": "quarter"}, "measure": "units",
        "when": {"families": ["cloud"]}, "bands": [{"from": "2", "per_unit": "3"}],
    });
    let plan = plan(&spec);
    let mut sale = deal(vec![
        line(1, "cloud", figure("100"), figure("50")),
        line(4, "device", figure("100"), figure("100")),
    ]);
    sale.deal_type = DealType::Renewal;
    let found = plan.contributions(&sale, Decimal::ONE).unwrap();
    assert_eq!(found[0].direct, Decimal::ZERO);
    assert_eq!(
        (found[0].basis, found[0].units, found[0].sales),
        (figure("50"), figure("1"), figure("0.75"))
    );
    assert!(plan.needs_progress());
}

/// The sum that a partner does again with a calculator.
#[test]
fn the_explanation_can_be_done_again() {
    let mut sale = deal(vec![
        line(1, "cloud", figure("8000"), figure("6000")),
        line(2, "device", figure("500"), figure("500")),
        line(3, "device", figure("500"), figure("500")),
    ]);
    sale.parties = vec![
        party(1, Role::Sourced, figure("60")),
        party(2, Role::Sourced, figure("40")),
    ];
    let rules = json!([
        {"name": "cloud", "when": {"families": ["cloud"]}, "rate": {"percent": "12.5"}},
        {"name": "devices", "when": {"families": ["device"]}, "rate": {"flat": "80"}},
    ]);
    let spec = commission(json!({"rules": rules, "cap": {"per_sale": "540"}}));
    let found = plan(&spec).contributions(&sale, Decimal::ONE).unwrap();
    let part = &found[0].explanation.parts[0];
    let lines: Vec<(Option<u16>, &str, Decimal)> = part
        .lines
        .iter()
        .map(|line| (line.line, &*line.name, line.earned))
        .collect();
    let expected = [
        (Some(1), "cloud", "1000"),
        (Some(2), "devices", "80"),
        (Some(3), "devices", "0"),
    ];
    assert_eq!(lines, expected.map(|(no, name, earned)| (no, name, figure(earned))));
    assert_eq!(part.earned, figure("1080"));
    assert_eq!(
        part.limit.map(|limit| (limit.kind, limit.at)),
        Some((SaleLimitKind::Cap, figure("540")))
    );
    // Three quarters of 1000 and 7000/9000 of 80 are left, half of each by the cap.
    assert_eq!(part.net.round_dp(4), figure("406.1111"));
    assert_eq!(part.share.round_dp(4), figure("243.6667"));
    assert_eq!((part.amount, found[1].direct), (figure("243.67"), figure("162.44")));
    let shown = serde_json::to_value(&found[0].explanation).unwrap();
    assert_eq!(shown["parts"][0]["lines"][0]["rate"], json!({"percent": "12.5"}));
    assert_eq!(shown["parts"][0]["role"], json!("sourced"));
}

#[test]
fn what_contradicts_itself_earns_nothing_but_a_fault() {
    let spec = commission(json!({}));
    let faults: Vec<(&str, Sale)> = vec![
        ("negative", deal(vec![line(1, "cloud", figure("-1"), figure("-1"))])),
        ("keeps", deal(vec![line(1, "cloud", figure("10"), figure("11"))])),
        ("keeps", deal(vec![line(1, "cloud", figure("10"), figure("-1"))])),
        ("over 100", {
            let mut sale = thousand();
            sale.parties = vec![
                party(1, Role::Sourced, figure("60")),
                party(2, Role::Sourced, figure("41")),
            ];
            sale
        }),
        ("percent", {
            let mut sale = thousand();
            sale.parties = vec![party(1, Role::Sourced, figure("-1"))];
            sale
        }),
    ];
    for (said, sale) in faults {
        let fault = plan(&spec).contributions(&sale, Decimal::ONE).unwrap_err();
        assert!(matches!(fault, CalcFault::BadSale(_)), "{fault:?}");
        assert!(fault.to_string().contains(said), "{fault}");
    }
    assert_eq!(
        plan(&spec)
            .contributions(&thousand(), Decimal::ZERO)
            .unwrap_err()
            .code(),
        "bad_sale"
    );
    let mut sale = thousand();
    sale.lines[0].cost = None;
    let spec = commission(json!({"rules": [{"name": "m", "rate": {"margin_percent": "10"}}]}));
    let fault = plan(&spec).contributions(&sale, Decimal::ONE).unwrap_err();
    assert_eq!(
        fault,
        CalcFault::MissingCost {
            rule: "m".into(),
            line: 1
        }
    );
}

#[test]
fn the_getters_say_what_the_plan_says() {
    let spec = json!({
        "type": "rebate", "trigger": "invoiced", "currency": "EUR", "period": {"every": "quarter", "fiscal_year_start": 4},
        "measure": "growth", "baseline": "period_before", "bands": [{"from": "0", "percent": "3"}], "hold_days": 14,
        "grace_days": 5, "calculation_day": 10, "annual_true_up": {"bands": [{"from": "1", "percent": "4"}]},
    });
    let plan = plan(&spec);
    assert_eq!(
        (plan.hold_days(), plan.grace_days(), plan.calculation_day()),
        (14, 5, 10)
    );
    assert!(plan.has_true_up() && !plan.needs_proof() && plan.contest().is_none());
    let period = plan.period("2026-05-04".parse().unwrap());
    assert_eq!(
        (period.start.to_string(), period.end.to_string()),
        ("2026-04-01".into(), "2026-06-30".into())
    );
    let before = plan.baseline_period(&period).unwrap();
    assert_eq!(
        (before.start.to_string(), before.end.to_string()),
        ("2026-01-01".into(), "2026-03-31".into())
    );
    let year = plan.fiscal_year("2026-03-31".parse().unwrap());
    assert_eq!(
        (year.start.to_string(), year.end.to_string()),
        ("2025-04-01".into(), "2026-03-31".into())
    );
    assert_eq!(plan.baseline_period(&year).unwrap().end.to_string(), "2025-03-31");
}

/// Each third of 0.115 ends somewhere below its true value; together they are half a cent all the same.
#[test]
fn quotients_add_up_to_a_half_again() {
    let mut sale = deal((1..=3).map(|no| line(no, "cloud", figure("3"), figure("1"))).collect());
    for line in &mut sale.lines {
        line.quantity = Decimal::ONE;
    }
    let spec = commission(json!({"rules": [{"name": "each", "rate": {"per_unit": "0.115"}}]}));
    assert_eq!(earned(&spec, &sale), figure("0.12"));
}

#[test]
fn places_without_a_prize_are_passed_over() {
    let prizes = json!([
        {"from": 1, "to": 1, "amount": "9"}, {"from": 2, "to": 2, "amount": "0"}, {"from": 3, "to": 3, "amount": "5"},
    ]);
    let plan = plan(&json!({
        "type": "bonus", "trigger": "deal_won", "currency": "EUR", "contest": {"measure": "sales", "prizes": prizes},
    }));
    let payee = |number| Payee {
        partner: Uuid::from_u128(number),
        user: None,
    };
    let ranking: Vec<(Payee, Decimal)> = (1..5)
        .map(|number| (payee(number), figure("9") - Decimal::from(number)))
        .collect();
    assert_eq!(
        plan.prizes(&ranking),
        [(payee(1), figure("9")), (payee(3), figure("5"))]
    );
}
