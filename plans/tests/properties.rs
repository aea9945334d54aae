//! What holds for every plan and sale.

use crate::sales::{deal, figure, line, party, plan};
use guildhall_plans::{Contribution, Payee, Plan, Role, Sale, Totals};
use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

fn rate() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0u32..=10_000).prop_map(|percent| json!({"percent": Decimal::new(i64::from(percent), 2).to_string()})),
        (0u32..100_000).prop_map(|flat| json!({"flat": Decimal::new(i64::from(flat), 2).to_string()})),
        (0u32..100_000).prop_map(|each| json!({"per_unit": Decimal::new(i64::from(each), 4).to_string()})),
        (0u32..=1000).prop_map(|percent| json!({"margin_percent": Decimal::new(i64::from(percent), 1).to_string()})),
        Just(json!({"expression": "max(amount * 0.03, quantity / 7)"})),
    ]
}

prop_compose! {
    /// A commission whose sourced role has it all.
    fn commission()(
        first in rate(), last in rate(), limited in 0u8..4, limit in 0u32..50_000, factor in 100u32..1000, marginal: bool,
    ) -> Value {
        let mode = if marginal { "marginal" } else { "retroactive" };
        let mut spec = json!({
            "type": "commission", "trigger": "deal_won", "currency": "EUR",
            "rules": [{"name": "cloud", "when": {"families": ["cloud"]}, "rate": first}, {"name": "rest", "rate": last}],
            "accelerator": {"measure": "revenue", "mode": mode, "bands": [{"from": "5000", "factor": Decimal::new(i64::from(factor), 2).to_string()}]},
        });
        let limit = Decimal::new(i64::from(limit), 2).to_string();
        match limited {
            1 => spec["cap"] = json!({"per_sale": limit}),
            2 => spec["floor"] = json!({"per_sale": limit}),
            _ => {}
        }
        spec
    }
}

prop_compose! {
    fn sale()(lines in prop::collection::vec((0i64..2_000_000, 0u8..3), 1..6)) -> Sale {
        let lines = lines.into_iter().zip(1u16..).map(|((cents, family), no)| {
            let amount = Decimal::new(cents, 2);
            line(no, ["cloud", "device", "other"][usize::from(family)], amount, amount)
        });
        deal(lines.collect())
    }
}

/// Parts of a role in hundredths of a percent that make up all of it.
fn parts() -> impl Strategy<Value = Vec<Decimal>> {
    prop::collection::vec(1u32..1000, 1..7).prop_map(|weights| {
        let total: u32 = weights.iter().sum();
        let mut parts: Vec<u32> = weights.iter().map(|weight| weight * 10_000 / total).collect();
        parts[0] += 10_000 - parts.iter().sum::<u32>();
        parts.into_iter().map(|part| Decimal::new(i64::from(part), 2)).collect()
    })
}

fn contributions(plan: &Plan, sale: &Sale) -> Vec<Contribution> {
    plan.contributions(sale, Decimal::ONE).unwrap()
}

fn whole(plan: &Plan, sale: &Sale) -> Decimal {
    contributions(plan, sale)
        .iter()
        .map(|contribution| contribution.direct)
        .sum()
}

fn add(totals: &mut Totals, contribution: &Contribution) {
    totals.direct += contribution.direct;
    totals.basis += contribution.basis;
    totals.units += contribution.units;
    totals.sales += contribution.sales;
}

fn any_figure() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        Just(Decimal::ZERO),
        Just(Decimal::MAX),
        Just(Decimal::MIN),
        Just(Decimal::new(1, 28)),
        (any::<i64>(), 0u32..20).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
        any::<u64>().prop_map(|digits| Decimal::from(digits) * figure("4000000000")),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-0-9.]{0,9}".prop_map(Value::from),
        prop::sample::select(vec![
            "commission",
            "rebate",
            "spiff",
            "bonus",
            "deal_won",
            "EUR",
            "revenue",
            "growth",
            "amount > 1"
        ])
        .prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "type",
        "trigger",
        "currency",
        "rules",
        "name",
        "when",
        "rate",
        "percent",
        "flat",
        "expression",
        "bands",
        "from",
        "accelerator",
        "measure",
        "mode",
        "goal",
        "contest",
        "prizes",
        "amount",
        "cap",
        "per_sale",
        "split",
        "sourced",
        "roles",
        "period",
        "every",
        "é/~",
    ]);
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..6)
                .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

/// Puts the value at a random place of the plan.
fn replace(spec: &mut Value, path: &[prop::sample::Index], value: Value) {
    let Some((step, rest)) = path.split_first() else {
        *spec = value;
        return;
    };
    match spec {
        Value::Object(fields) if !fields.is_empty() => {
            let inner = fields.values_mut().nth(step.index(usize::MAX) % 3);
            if let Some(inner) = inner {
                replace(inner, rest, value);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            let place = step.index(values.len());
            replace(&mut values[place], rest, value);
        }
        _ => *spec = value,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn parts_sum_to_the_whole(spec in commission(), sale in sale(), parts in parts(), refund in 0u32..=100) {
        let plan = plan(&spec);
        let mut sale = sale;
        for line in &mut sale.lines {
            line.kept = line.amount * Decimal::new(i64::from(refund), 2);
        }
        let alone = whole(&plan, &sale);
        sale.parties = parts.iter().zip(1u128..).map(|(part, number)| party(number, Role::Sourced, *part)).collect();
        let found = contributions(&plan, &sale);
        prop_assert_eq!(found.iter().map(|contribution| contribution.direct).sum::<Decimal>(), alone);
        prop_assert_eq!(alone.normalize().scale().max(2), 2);
        for (contribution, part) in found.iter().zip(&parts) {
            let share = alone * *part * Decimal::new(1, 2);
            prop_assert!((contribution.direct - share).abs() < Decimal::new(1, 2));
            prop_assert_eq!(contribution.explanation.parts[0].amount, contribution.direct);
        }
    }

    #[test]
    fn refunds_in_any_order_end_at_nothing(spec in commission(), sale in sale(), steps in prop::collection::vec((any::<prop::sample::Index>(), 0u32..=100), 0..8)) {
        let plan = plan(&spec);
        let mut sale = sale;
        let mut posted = vec![whole(&plan, &sale)];
        let finish = (0..sale.lines.len()).map(|place| (place, 0));
        let steps: Vec<(usize, u32)> = steps.iter().map(|(index, left)| (index.index(sale.lines.len()), *left)).chain(finish).collect();
        for (place, left) in steps {
            let line = &mut sale.lines[place];
            line.kept = (line.kept * Decimal::new(i64::from(left), 2)).round_dp(2);
            let now = whole(&plan, &sale);
            prop_assert!(now >= Decimal::ZERO);
            let before: Decimal = posted.iter().sum();
            prop_assert!(now <= before, "a refund made {} of {}", now, before);
            posted.push(now - before);
        }
        // Nothing that was sold for an amount is left; what was free of charge can't be refunded.
        if sale.lines.iter().any(|line| !line.amount.is_zero()) {
            prop_assert_eq!(posted.iter().sum::<Decimal>(), Decimal::ZERO);
            for contribution in contributions(&plan, &sale) {
                prop_assert_eq!([contribution.basis, contribution.units, contribution.sales], [Decimal::ZERO; 3]);
            }
            prop_assert_eq!(plan.earned(&Totals::default()).amount, Decimal::ZERO);
        }
    }

    #[test]
    fn the_order_of_sales_changes_nothing(spec in commission(), (sales, shuffled) in prop::collection::vec((sale(), 1u32..=10_000), 1..8)
        .prop_flat_map(|sales| (Just(sales.clone()), Just(sales).prop_shuffle())))
    {
        let plan = plan(&spec);
        let total = |sales: &[(Sale, u32)]| {
            let mut totals = Totals::default();
            for (sale, part) in sales {
                let mut sale = sale.clone();
                sale.parties[0].percent = Decimal::new(i64::from(*part), 2);
                sale.lines[0].kept = sale.lines[0].amount / Decimal::from(3);
                for contribution in contributions(&plan, &sale) {
                    add(&mut totals, &contribution);
                }
            }
            totals
        };
        prop_assert_eq!(total(&sales), total(&shuffled));
        prop_assert_eq!(plan.earned(&total(&sales)), plan.earned(&total(&shuffled)));
    }

    #[test]
    fn more_is_never_worth_less_where_bands_rise(
        steps in prop::collection::vec((1u32..5000, 0u32..900), 1..6), retroactive: bool, growth: bool, a in 0u32..30_000, b in 0u32..30_000, cap in 1u32..5000,
    ) {
        let (mut from, mut percent) = (0, 0);
        let bands: Vec<Value> = steps
            .into_iter()
            .map(|(step, more)| {
                from += step;
                percent += more;
                json!({"from": from.to_string(), "percent": Decimal::new(i64::from(percent.min(10_000)), 2).to_string()})
            })
            .collect();
        let spec = json!({
            "type": "rebate", "trigger": "invoiced", "currency": "EUR", "period": {"every": "quarter"}, "bands": bands,
            "measure": if growth { "growth" } else { "revenue" }, "mode": if retroactive { "retroactive" } else { "marginal" },
            "cap": {"per_period": cap.to_string()},
        });
        let plan = plan(&spec);
        let earned = |basis: u32| plan.earned(&Totals { basis: basis.into(), baseline: Some(figure("1000")), ..Totals::default() });
        let (less, more) = (earned(a.min(b)), earned(a.max(b)));
        prop_assert!(less.amount <= more.amount);
        prop_assert!(more.amount <= Decimal::from(cap));
        if let Some(next) = less.next {
            prop_assert!(next.missing > Decimal::ZERO && next.gain >= Decimal::ZERO);
            let there = plan.earned(&Totals { basis: next.at, baseline: Some(figure("1000")), ..Totals::default() });
            prop_assert!(there.band.map(|band| band.index) > less.band.map(|band| band.index));
        }
    }

    #[test]
    fn prizes_are_all_given_and_no_more(scores in prop::collection::vec(0u32..6, 0..12), amounts in prop::collection::vec(0u32..100_000, 1..5)) {
        let prizes: Vec<Value> = amounts.iter().zip(1u32..)
            .map(|(cents, place)| json!({"from": place, "to": place, "amount": Decimal::new(i64::from(*cents), 2).to_string()})).collect();
        let spec = json!({"type": "bonus", "trigger": "deal_won", "currency": "EUR", "contest": {"measure": "sales", "prizes": prizes}});
        let plan = plan(&spec);
        let ranking: Vec<(Payee, Decimal)> = scores.iter().zip(1u128..)
            .map(|(score, number)| (Payee { partner: uuid::Uuid::from_u128(number), user: None }, Decimal::from(*score))).collect();
        let given: Decimal = plan.prizes(&ranking).iter().map(|(_, amount)| *amount).sum();
        let placed = scores.iter().filter(|score| **score > 0).count();
        let expected: Decimal = amounts.iter().take(placed).map(|cents| Decimal::new(i64::from(*cents), 2)).sum();
        prop_assert_eq!(given, expected);
        let mut reversed = ranking.clone();
        reversed.reverse();
        prop_assert_eq!(plan.prizes(&ranking), plan.prizes(&reversed));
    }

    #[test]
    fn no_json_makes_it_panic(spec in any_json()) {
        let _ = Plan::parse(&spec);
    }

    #[test]
    fn no_damaged_plan_makes_it_panic(mut spec in commission(), path in prop::collection::vec(any::<prop::sample::Index>(), 0..5), value in any_json()) {
        replace(&mut spec, &path, value);
        if let Ok(plan) = Plan::parse(&spec) {
            let stored = serde_json::to_value(plan.spec()).unwrap();
            let again = Plan::parse(&stored).unwrap();
            prop_assert_eq!(again.spec(), plan.spec());
        }
    }

    #[test]
    fn no_figures_make_it_panic(spec in commission(), figures in prop::collection::vec(any_figure(), 9), growth: bool) {
        let commission = plan(&spec);
        let rebate = plan(&json!({
            "type": "rebate", "trigger": "invoiced", "currency": "EUR", "period": {"every": "month"},
            "measure": if growth { "growth" } else { "units" }, "mode": "retroactive", "bands": [{"from": "3", "percent": "7"}],
            "annual_true_up": {"bands": [{"from": "1", "percent": "100"}]},
        }));
        let totals = Totals { direct: figures[0], basis: figures[1], units: figures[2], sales: figures[3], baseline: Some(figures[4]) };
        for plan in [&commission, &rebate] {
            let _ = plan.earned(&totals);
            let _ = plan.true_up(&totals, figures[5]);
        }
        let mut broken = deal(vec![line(1, "cloud", figures[6], figures[7])]);
        broken.lines[0].cost = Some(figures[5]);
        broken.lines[0].quantity = figures[4];
        let _ = commission.contributions(&broken, figures[8]);
        broken.lines[0].kept = broken.lines[0].amount;
        let _ = commission.contributions(&broken, Decimal::ONE);
        broken.parties.push(party(2, Role::Sourced, figures[0]));
        let _ = commission.contributions(&broken, Decimal::ONE);
    }
}
