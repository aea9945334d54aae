//! How well registrations of one customer are told from those of another: 500 labelled pairs, through the API.

use std::{collections::BTreeMap, sync::Arc};

use guildhall_kernel::{Clock, OrgId};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Caller, Scene, TestServer};

const PAIRS: &str = include_str!("data/customer_pairs.txt");

#[derive(Clone, Debug)]
struct Pair {
    same: bool,
    kind: &'static str,
    half: usize,
    customers: [Customer; 2],
}

#[derive(Clone, Copy, Debug)]
struct Customer {
    name: &'static str,
    domain: &'static str,
    country: &'static str,
}

/// Right and wrong answers of one half.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    found: u32,
    missed: u32,
    false_alarms: u32,
}

impl Tally {
    fn precision(self) -> f64 {
        f64::from(self.found) / f64::from(self.found + self.false_alarms)
    }

    fn recall(self) -> f64 {
        f64::from(self.found) / f64::from(self.found + self.missed)
    }
}

fn pairs() -> Vec<Pair> {
    let mut half = 0;
    let mut pairs = Vec::new();
    for line in PAIRS.lines() {
        half += usize::from(line.ends_with("half"));
        let fields: Vec<&str> = line.split('|').collect();
        let [label, kind, a, a_domain, a_country, b, b_domain, b_country] = fields[..] else {
            continue;
        };
        if line.starts_with('#') {
            continue;
        }
        let customer = |name, domain, country| Customer { name, domain, country };
        pairs.push(Pair {
            same: label == "same",
            kind,
            half,
            customers: [customer(a, a_domain, a_country), customer(b, b_domain, b_country)],
        });
    }
    pairs
}

/// Nothing but name, domain and country speaks for or against a conflict.
fn body(vendor: OrgId, customer: &Customer, product: &str, days: u64) -> Value {
    let close = Clock::system().now().date_naive() + chrono::Days::new(days);
    let mut body = json!({
        "vendor_id": vendor,
        "customer": {"name": customer.name, "country": customer.country},
        "currency": "EUR",
        "expected_close": close,
        "products": [{"name": product, "quantity": "1", "unit_amount": "1"}],
    });
    if !customer.domain.is_empty() {
        body["customer"]["domain"] = customer.domain.into();
    }
    body
}

/// Whether the second registration of a pair is found to conflict with the first.
async fn is_found(alder: Caller, birch: Caller, manager: Caller, vendor: OrgId, pair: &Pair) -> bool {
    let [first, second] = &pair.customers;
    let first = alder
        .post("/api/v1/deals", &body(vendor, first, "Switch", 20))
        .await
        .ok();
    let second = birch
        .post("/api/v1/deals", &body(vendor, second, "Router", 300))
        .await
        .ok();
    let path = format!("/api/v1/deals/{}/conflicts?limit=100", second["id"].as_str().unwrap());
    let conflicts = manager.get(&path).await.ok();
    let conflicts = conflicts["items"].as_array().unwrap();
    conflicts.iter().any(|conflict| conflict["deal"]["id"] == first["id"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_500_labelled_pairs_95_in_100_are_told_right() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let alder = server.login("sales@alder.example").await;
    let birch = server.login("sales@birch.example").await;
    let manager = server.login("channel_manager@northwind.example").await;
    let pairs = Arc::new(pairs());
    assert_eq!(pairs.len(), 500);
    let mut tasks = JoinSet::new();
    for lane in 0..4 {
        let (alder, birch, manager) = (alder.clone(), birch.clone(), manager.clone());
        let (pairs, vendor) = (Arc::clone(&pairs), scene.northwind);
        tasks.spawn(async move {
            let mut answers = Vec::new();
            for (place, pair) in pairs.iter().enumerate().skip(lane).step_by(4) {
                let found = is_found(alder.clone(), birch.clone(), manager.clone(), vendor, pair).await;
                answers.push((place, found));
            }
            answers
        });
    }
    let answers: BTreeMap<usize, bool> = tasks.join_all().await.into_iter().flatten().collect();
    let mut halves = [Tally::default(); 2];
    for (place, pair) in pairs.iter().enumerate() {
        let tally = &mut halves[pair.half - 1];
        match (pair.same, answers[&place]) {
            (true, true) => tally.found += 1,
            (true, false) => tally.missed += 1,
            (false, true) => tally.false_alarms += 1,
            (false, false) => {}
        }
        if pair.same != answers[&place] {
            let [a, b] = &pair.customers;
            println!(
                "half {} {} same={}: {} ({}) / {} ({})",
                pair.half, pair.kind, pair.same, a.name, a.country, b.name, b.country
            );
        }
    }
    for (half, tally) in (1..).zip(halves) {
        println!(
            "half {half}: precision {:.3}, recall {:.3}, {tally:?}",
            tally.precision(),
            tally.recall()
        );
    }
    for tally in halves {
        assert!(tally.precision() >= 0.95 && tally.recall() >= 0.95, "{halves:?}");
    }
}
