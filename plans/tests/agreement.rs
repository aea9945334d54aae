//! The crate and the naive implementation agree to the minor unit on random plans, sales, splits and refunds.

use std::collections::BTreeMap;

use crate::naive::{self, Fraction, Sums};
use guildhall_kernel::Currency;
use guildhall_plans::{Party, Payee, Plan, Sale, SaleLine, Totals};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Value, json};
use uuid::Uuid;

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same cases in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// A place in a list of so many.
    fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn one_of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.place(choices.len())]
    }

    /// A decimal from 0 to below `end` units with so many decimals.
    fn figure(&mut self, end: u64, decimals: u32) -> String {
        let digits = self.below(end * 10u64.pow(decimals));
        Decimal::new(i64::try_from(digits).unwrap(), decimals).to_string()
    }
}

const FAMILIES: [&str; 3] = ["cloud", "device", "service"];
const TIERS: [&str; 3] = ["gold", "silver", "bronze"];
const ROLES: [&str; 3] = ["sourced", "influenced", "distributed"];

fn money(dice: &mut Dice, currency: &str, end: u64) -> String {
    match currency {
        "JPY" => dice.figure(end, 0),
        "KWD" => dice.figure(end, 3),
        _ => dice.figure(end, 2),
    }
}

fn when(dice: &mut Dice) -> Value {
    let mut when = json!({});
    if dice.chance(60) {
        when["families"] = json!([dice.one_of(&FAMILIES)]);
    }
    if dice.chance(20) {
        when["deal_types"] = json!([dice.one_of(&["new", "renewal"])]);
    }
    if dice.chance(30) {
        when["tiers"] = json!([dice.one_of(&TIERS), dice.one_of(&TIERS)]);
    }
    when
}

fn rate(dice: &mut Dice, currency: &str) -> Value {
    match dice.below(12) {
        0 | 1 => json!({"flat": money(dice, currency, 300)}),
        2 | 3 => json!({"per_unit": dice.figure(20, 3)}),
        4 | 5 => json!({"margin_percent": dice.figure(50, 1)}),
        6 => json!({"expression": "max(amount * 0.08, 25)"}),
        _ => json!({"percent": dice.figure(40, 2)}),
    }
}

/// Thresholds of the size that the sales of a case reach.
fn bands(dice: &mut Dice, measure: &str, mut reward: impl FnMut(&mut Dice) -> (&'static str, String)) -> Value {
    let step = match measure {
        "revenue" => 4000,
        "growth" => 60,
        _ => 5,
    };
    let mut from = dice.below(2) * dice.below(step);
    let mut bands = Vec::new();
    for _ in 0..=dice.below(4) {
        let (mut name, figure) = reward(dice);
        if name == "flat" && from == 0 {
            name = "percent";
        }
        let figure = if name == "percent" { dice.figure(20, 2) } else { figure };
        bands.push(json!({"from": from.to_string(), name: figure}));
        from += 1 + dice.below(step);
    }
    json!(bands)
}

fn mode(dice: &mut Dice) -> &'static str {
    dice.one_of(&["marginal", "retroactive"])
}

fn plan(dice: &mut Dice) -> Value {
    let currency = dice.one_of(&["EUR", "EUR", "JPY", "KWD"]);
    let mut plan = json!({"trigger": "invoiced", "currency": currency, "period": {"every": "quarter"}});
    if dice.chance(40) {
        plan["split"] = json!({"sourced": dice.figure(60, 2), "influenced": dice.figure(30, 1), "distributed": "10"});
    }
    if dice.chance(20) {
        plan["eligible"] = json!({"tiers": ["gold", "silver"]});
    }
    if dice.chance(15) {
        plan["cap"] = json!({"per_period": money(dice, currency, 3000)});
    }
    match dice.below(10) {
        0..=4 => commission(dice, currency, &mut plan),
        5..=7 => rebate(dice, currency, &mut plan),
        8 => spiff(dice, currency, &mut plan),
        _ => bonus(dice, currency, &mut plan),
    }
    plan
}

fn commission(dice: &mut Dice, currency: &str, plan: &mut Value) {
    plan["type"] = json!("commission");
    let mut rules = Vec::new();
    for place in 0..=dice.below(4) {
        let mut when = when(dice);
        if when == json!({}) {
            when["families"] = json!([dice.one_of(&FAMILIES)]);
        }
        rules.push(json!({"name": place.to_string(), "when": when, "rate": rate(dice, currency)}));
    }
    if dice.chance(60) {
        rules.push(json!({"name": "last", "rate": rate(dice, currency)}));
    }
    plan["rules"] = json!(rules);
    if dice.chance(25) {
        plan["cap"]["per_sale"] = json!(money(dice, currency, 500));
    }
    if dice.chance(25) && plan["cap"]["per_sale"].is_null() {
        plan["floor"] = json!({"per_sale": money(dice, currency, 200)});
    }
    if dice.chance(20) {
        plan["expires_after_months"] = json!(dice.below(20));
    }
    if dice.chance(50) {
        let measure = dice.one_of(&["revenue", "units", "sales"]);
        let bands = bands(dice, measure, |dice| match dice.chance(70) {
            true => ("factor", dice.figure(3, 2)),
            false => ("percent", String::new()),
        });
        plan["accelerator"] = json!({"measure": measure, "mode": mode(dice), "bands": bands});
    }
}

fn rebate(dice: &mut Dice, currency: &str, plan: &mut Value) {
    plan["type"] = json!("rebate");
    let measure = dice.one_of(&["revenue", "units", "growth"]);
    let reward = |dice: &mut Dice| match dice.below(4) {
        0 => ("flat", money(dice, currency, 500)),
        1 if measure != "growth" => ("per_unit", dice.figure(5, 2)),
        _ => ("percent", String::new()),
    };
    plan["measure"] = json!(measure);
    plan["mode"] = json!(mode(dice));
    plan["bands"] = bands(dice, measure, reward);
    if dice.chance(50) {
        plan["when"] = when(dice);
    }
    plan["annual_true_up"] = json!({"mode": mode(dice), "bands": bands(dice, measure, reward)});
}

fn spiff(dice: &mut Dice, currency: &str, plan: &mut Value) {
    plan["type"] = json!("spiff");
    plan["amount"] = match dice.chance(50) {
        true => json!({"per_sale": money(dice, currency, 300)}),
        false => json!({"per_unit": dice.figure(30, 2)}),
    };
    plan["when"] = when(dice);
    if dice.chance(50) {
        let measure = dice.one_of(&["revenue", "units", "sales"]);
        plan["goal"] = json!({"measure": measure, "at_least": (1 + dice.below(4)).to_string(), "amount": money(dice, currency, 500)});
    }
}

fn bonus(dice: &mut Dice, currency: &str, plan: &mut Value) {
    plan["type"] = json!("bonus");
    if dice.chance(50) {
        let mut prizes = Vec::new();
        let mut from = 1;
        for _ in 0..=dice.below(4) {
            let to = from + dice.below(3);
            prizes.push(json!({"from": from, "to": to, "amount": money(dice, currency, 1000)}));
            from = to + 1;
        }
        plan["contest"] = json!({"measure": "revenue", "prizes": prizes});
        plan.as_object_mut().unwrap().remove("cap");
        if dice.chance(30) {
            plan["contest"]["at_least"] = json!("3");
        }
        return;
    }
    let measure = dice.one_of(&["units", "sales"]);
    let mut from = 0;
    let bands: Vec<Value> = (0..=dice.below(4))
        .map(|_| {
            from += 1 + dice.below(5);
            json!({"from": from.to_string(), "amount": money(dice, currency, 900)})
        })
        .collect();
    plan["goal"] = json!({"measure": measure, "mode": mode(dice), "bands": bands});
}

fn sale(dice: &mut Dice, plan: &Value) -> Value {
    let refunded = dice.below(4);
    let lines: Vec<Value> = (0..=dice.below(3))
        .map(|place| {
            let amount = dice.figure(2000, 2);
            let kept: Decimal = match (refunded, dice.below(3)) {
                (0, _) => Decimal::ZERO,
                // Parts such as 1/3, whose quotients don't end.
                (1, part) => {
                    let amount: Decimal = amount.parse().unwrap();
                    (amount * Decimal::from(part) / Decimal::from(3)).trunc()
                }
                _ => amount.parse().unwrap(),
            };
            json!({
                "no": place, "family": dice.one_of(&FAMILIES), "quantity": dice.figure(12, 0), "amount": amount,
                "cost": dice.figure(1500, 1), "kept": kept.to_string(),
            })
        })
        .collect();
    let mut parties = Vec::new();
    for role in ROLES {
        for percent in [["100", ""], ["50", "50"], ["33.33", "66.67"], ["12.5", "80"]][dice.place(4)] {
            if !percent.is_empty() && dice.chance(80) {
                let partner = parties.len() + 1;
                parties
                    .push(json!({"partner": partner, "role": role, "percent": percent, "tier": dice.one_of(&TIERS)}));
            }
        }
    }
    let same = dice.chance(60);
    json!({
        "currency": if same { plan["currency"].clone() } else { json!("USD") },
        "rate": if same { "1".to_owned() } else { format!("1.{}", 1 + dice.below(9999)) },
        "deal_type": dice.one_of(&["new", "renewal"]), "month": dice.below(24), "lines": lines, "parties": parties,
    })
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

fn word<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

fn partner(value: &Value) -> Uuid {
    Uuid::from_u128(u128::from(value.as_u64().unwrap()))
}

fn as_sale(sale: &Value) -> Sale {
    let lines = sale["lines"].as_array().unwrap().iter().map(|line| SaleLine {
        no: word(&line["no"]),
        product: None,
        sku: None,
        family: word(&line["family"]),
        quantity: decimal(&line["quantity"]),
        amount: decimal(&line["amount"]),
        cost: Some(decimal(&line["cost"])),
        kept: decimal(&line["kept"]),
    });
    let parties = sale["parties"].as_array().unwrap().iter().map(|party| Party {
        partner: partner(&party["partner"]),
        user: None,
        role: word(&party["role"]),
        percent: decimal(&party["percent"]),
        tier: word(&party["tier"]),
        region: None,
    });
    Sale {
        id: Uuid::nil(),
        trigger: word(&json!("invoiced")),
        on: "2026-05-04".parse().unwrap(),
        currency: Currency::from_code(sale["currency"].as_str().unwrap()).unwrap(),
        deal_type: word(&sale["deal_type"]),
        country: None,
        activity: None,
        month: word(&sale["month"]),
        lines: lines.collect(),
        parties: parties.collect(),
        facts: BTreeMap::new(),
    }
}

/// In whole minor units, half to even.
fn minor(amount: Decimal, currency: &Value) -> i128 {
    let units = match currency.as_str() {
        Some("JPY") => Decimal::ONE,
        Some("KWD") => Decimal::ONE_THOUSAND,
        _ => Decimal::ONE_HUNDRED,
    };
    let units = (amount * units).round_dp_with_strategy(0, RoundingStrategy::MidpointNearestEven);
    i128::try_from(units).unwrap()
}

fn compare_period(plan: &Plan, spec: &Value, gains: &[naive::Gain], baseline: Option<&str>, tag: &str) {
    let units = naive::minor_units(&spec["currency"]);
    let sum = |part: fn(&naive::Gain) -> Fraction| gains.iter().map(part).sum::<Fraction>();
    let direct = Fraction::whole(gains.iter().map(|gain| gain.minor).sum()) / units;
    let sums = Sums {
        direct,
        revenue: sum(|gain| gain.revenue),
        units: sum(|gain| gain.units),
        sales: sum(|gain| gain.sales),
        baseline: baseline.map(Fraction::read),
    };
    let read = |fraction: Fraction| fraction.written(6).parse::<Decimal>().unwrap();
    let totals = Totals {
        direct: read(direct),
        basis: read(sums.revenue),
        units: read(sums.units),
        sales: read(sums.sales),
        baseline: baseline.map(|text| text.parse().unwrap()),
    };
    let found = plan.earned(&totals).amount;
    let expected = naive::worth(spec, &sums);
    assert_eq!(
        minor(found, &spec["currency"]),
        (expected * units).half_even(),
        "{tag} {spec} {totals:?}"
    );
    if !spec["annual_true_up"].is_null() {
        let found = plan.true_up(&totals, Decimal::TEN);
        let expected = naive::year_end(spec, &sums, Fraction::whole(10));
        assert_eq!(
            minor(found, &spec["currency"]),
            (expected * units).half_even(),
            "{tag} {spec} {totals:?}"
        );
    }
}

fn compare_prizes(plan: &Plan, spec: &Value, dice: &mut Dice) {
    let ranking: Vec<(u64, u64)> = (1..8).map(|payee| (payee, dice.below(7))).collect();
    let payee = |id: u64| Payee {
        partner: Uuid::from_u128(u128::from(id)),
        user: None,
    };
    let given: Vec<(Payee, Decimal)> = ranking
        .iter()
        .map(|(id, reached)| (payee(*id), Decimal::from(*reached)))
        .collect();
    let mut found: Vec<(u128, i128)> = plan
        .prizes(&given)
        .into_iter()
        .map(|(payee, amount)| (payee.partner.as_u128(), minor(amount, &spec["currency"])))
        .collect();
    found.sort_unstable();
    let plain: Vec<(u128, Fraction)> = ranking
        .iter()
        .map(|(id, reached)| (u128::from(*id), Fraction::whole(i128::from(*reached))))
        .collect();
    assert_eq!(found, naive::prizes(spec, &plain), "{spec} {ranking:?}");
}

#[test]
fn ten_thousand_cases_agree_to_the_cent() {
    let mut dice = Dice(20_260_504);
    let mut earning = 0;
    for case in 0..10_000 {
        let spec = plan(&mut dice);
        let plan = Plan::parse(&spec).unwrap_or_else(|faults| panic!("{faults:?} in {spec}"));
        let mut first_partner = Vec::new();
        for _ in 0..=dice.below(2) {
            let sale = sale(&mut dice, &spec);
            let expected = naive::gains(&spec, &sale);
            let found = plan.contributions(&as_sale(&sale), decimal(&sale["rate"])).unwrap();
            let found: Vec<(i128, [String; 3])> = found
                .iter()
                .map(|gain| {
                    let totals = [gain.basis, gain.units, gain.sales].map(|total| format!("{total:.6}"));
                    (minor(gain.direct, &spec["currency"]), totals)
                })
                .collect();
            let plain: Vec<(i128, [String; 3])> = expected
                .iter()
                .map(|gain| {
                    (
                        gain.minor,
                        [gain.revenue, gain.units, gain.sales].map(|total| total.written(6)),
                    )
                })
                .collect();
            assert_eq!(found, plain, "case {case}: {spec} {sale}");
            earning += usize::from(plain.iter().any(|(minor, _)| *minor > 0));
            first_partner.extend(expected.into_iter().filter(|gain| gain.payee == "1"));
        }
        let baseline = [None, Some("0"), Some("1500"), Some("333.33")][dice.place(4)];
        compare_period(&plan, &spec, &first_partner, baseline, &format!("case {case}"));
        if plan.contest().is_some() {
            compare_prizes(&plan, &spec, &mut dice);
        }
    }
    assert!(earning > 4_000, "only {earning} sales earned something");
}
