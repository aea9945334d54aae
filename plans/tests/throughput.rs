//! How fast plans are evaluated: `cargo test --release -p guildhall-plans throughput -- --ignored --nocapture`.

use std::time::Instant;

use crate::sales::{deal, figure, line, plan};
use guildhall_plans::{Plan, Sale};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// Twenty plans of ten rules, of which a line meets a rule in some: as those of a vendor with many programs.
fn plans() -> Vec<Plan> {
    (0..20)
        .map(|number| {
            let rules: Vec<Value> = (0..10)
                .map(|rule| json!({"name": rule.to_string(), "when": {"families": [format!("family {}", number * 10 + rule)]}, "rate": {"percent": "7.5"}}))
                .collect();
            plan(&json!({"type": "commission", "trigger": "deal_won", "currency": "EUR", "rules": rules}))
        })
        .collect()
}

fn deals(count: usize) -> Vec<Sale> {
    (0..count)
        .map(|number| {
            let lines = (1..=5u16)
                .map(|no| {
                    let family = format!("family {}", (number * 7 + usize::from(no) * 31) % 200);
                    line(no, &family, figure("1234.56"), figure("1234.56"))
                })
                .collect();
            deal(lines)
        })
        .collect()
}

fn measure(name: &str, each: u32, mut work: impl FnMut()) {
    let start = Instant::now();
    work();
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{name}: {each} in {seconds:.3} s, {:.0} ns each",
        seconds * 1e9 / f64::from(each)
    );
}

#[test]
#[ignore = "a measurement, to be run in release"]
fn a_million_lines_under_twenty_plans() {
    let plans = plans();
    let deals = deals(20_000);
    let mut earning = 0;
    measure(
        "1 M lines x 20 plans (20 000 deals of 5 lines, 10 times), line x plan",
        20_000_000,
        || {
            for _ in 0..10 {
                for deal in &deals {
                    for plan in &plans {
                        earning += plan.contributions(deal, Decimal::ONE).unwrap().len();
                    }
                }
            }
        },
    );
    println!("{earning} contributions");
    assert!(earning > 0);
}

#[test]
#[ignore = "a measurement, to be run in release"]
fn expressions() {
    let amount = figure("1234.56");
    let mut deal = deal(vec![line(1, "cloud", amount, amount)]);
    deal.facts.insert("seats".to_owned(), json!("12"));
    for expression in [
        "amount > 100000",
        "amount > 1000 && family == \"device\"",
        "choose(amount > 1000, amount * 0.1, 5) > 1000",
        "number(\"seats\") > 20",
    ] {
        let plan = plan(&json!({
            "type": "commission", "trigger": "deal_won", "currency": "EUR",
            "rules": [{"name": "asked", "when": {"expression": expression}, "rate": {"percent": "1"}}],
        }));
        measure(expression, 500_000, || {
            for _ in 0..500_000 {
                assert!(plan.contributions(&deal, Decimal::ONE).unwrap().is_empty());
            }
        });
    }
}
