use chrono::Days;
use serde_json::{Value, json};

use super::play::{Play, of_invoices};

fn pointers(problem: &Value) -> Vec<(String, String)> {
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|one| {
            (
                one["pointer"].as_str().unwrap().to_owned(),
                one["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[tokio::test]
async fn refunds_and_chargebacks_always_net_to_zero() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    let sale = play.invoice("I-1", "999.99").await.header("location");
    play.accrued().await;
    let today = play.server.app().clock.now().date_naive();
    let told = |kind: &str, reference: &str, amount: Option<&str>| json!({"kind": kind, "reference": reference, "on": today, "amount": amount});
    play.reverse(&sale, told("refund", "R-1", Some("333.33"))).await.ok();
    play.accrued().await;
    play.approve_all().await;
    play.reverse(&sale, told("chargeback", "C-1", Some("333.33")))
        .await
        .ok();
    play.accrued().await;
    play.reverse(&sale, told("refund", "R-2", None)).await.ok();
    assert_eq!(
        play.amounts(&play.alder).await,
        json!(["100.00", "-33.33", "-33.34", "-33.33"])
    );
    assert_eq!(play.balances(play.scene.alder).await, json!({"clawed_back": "100.00"}));
    let charge = play.finance.get(&sale).await.ok()["reversals"][1]["id"].clone();
    let won = json!({"kind": "chargeback_won", "reference": "W-1", "on": today, "undoes": charge});
    play.reverse(&sale, won.clone()).await.ok();
    assert_eq!(
        play.amounts(&play.alder).await.as_array().unwrap().last(),
        Some(&json!("33.33"))
    );
    let mut again = won;
    again["reference"] = json!("W-2");
    play.reverse(&sale, again).await.problem(409, "not_charged_back");
    play.reverse(&sale, told("refund", "R-3", Some("333.34")))
        .await
        .problem(409, "exceeds_sale");
    play.reverse(&sale, told("refund", "R-1", Some("1.00")))
        .await
        .problem(409, "already_exists");
    play.sound().await;
}

#[tokio::test]
async fn a_refund_of_lines_takes_back_what_those_lines_earned() {
    let play = Play::begin().await;
    let spec = json!({"type": "commission", "trigger": "invoiced", "rules": [
        {"name": "cloud", "when": {"skus": ["CLOUD"]}, "rate": {"percent": "20"}},
        {"name": "rest", "rate": {"percent": "5"}}]});
    play.plan("Commission", spec).await;
    let today = play.server.app().clock.now().date_naive();
    let body = json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.alder, "currency": "EUR",
        "sold_on": today, "lines": [{"sku": "CLOUD", "name": "Cloud", "amount": "100.00"},
        {"name": "Box", "amount": "100.00"}]});
    let sale = play.sale(body).await.header("location");
    play.accrued().await;
    let refund = json!({"kind": "refund", "reference": "R-1", "on": today, "lines": [{"no": 1, "amount": "50.00"}]});
    play.reverse(&sale, refund).await.ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["25.00", "-10.00"]));
}

#[tokio::test]
async fn a_sale_that_is_told_twice_earns_once() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    play.invoice("I-1", "1000.00").await.ok();
    play.invoice("I-1", "2000.00").await.problem(409, "already_exists");
    assert_eq!(play.amounts(&play.alder).await, json!(["100.00"]));
}

#[tokio::test]
async fn a_sale_that_makes_no_sense_is_refused_with_every_fault() {
    let play = Play::begin().await;
    let far = play.server.app().clock.now().date_naive() + Days::new(9);
    let answer = play
        .sale(json!({"kind": "invoice", "reference": "", "partner_id": play.scene.cedar, "currency": "XXY", "sold_on": far,
            "activity": "x", "lines": [], "country": "Germany"}))
        .await;
    let found = pointers(&answer.problem(422, "invalid_body"));
    for wanted in ["/reference", "/currency", "/sold_on", "/activity", "/lines", "/country"] {
        assert!(
            found.iter().any(|(pointer, _)| pointer == wanted),
            "{wanted}: {found:?}"
        );
    }
    let today = play.server.app().clock.now().date_naive();
    let answer = play
        .sale(
            json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.cedar, "currency": "EUR",
            "sold_on": today, "lines": [{"name": "Box", "amount": "10.001"}],
            "parties": [{"partner_id": play.scene.alder, "role": "sourced", "percent": "60"},
                        {"partner_id": play.scene.birch, "role": "sourced", "percent": "60"}]}),
        )
        .await;
    let found = pointers(&answer.problem(422, "invalid_body"));
    assert!(
        found.contains(&("/parties/1/percent".to_owned(), "percent_over_100".to_owned())),
        "{found:?}"
    );
    assert!(
        found.contains(&("/lines/0/amount".to_owned(), "amount".to_owned())),
        "{found:?}"
    );
    let answer = play
        .sale(
            json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.cedar, "currency": "EUR",
            "sold_on": today, "lines": [{"name": "Box", "amount": "10.00"}]}),
        )
        .await;
    assert_eq!(
        pointers(&answer.problem(422, "invalid_body")),
        [("/partner_id".to_owned(), "unknown".to_owned())]
    );
    assert_eq!(
        play.finance.get("/api/v1/incentives/sales").await.ok()["items"],
        json!([])
    );
}

#[tokio::test]
async fn a_sale_without_a_rate_waits_with_the_reason() {
    let play = Play::begin().await;
    let mut spec = of_invoices();
    spec["currency"] = json!("EUR");
    play.plan("Commission", spec).await;
    let today = play.server.app().clock.now().date_naive();
    let body = json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.alder, "currency": "USD",
        "sold_on": today, "lines": [{"name": "Box", "amount": "110.00"}]});
    play.sale(body).await.ok();
    assert!(play.earnings(&play.alder).await.is_empty());
    let faults = play.finance.get("/api/v1/incentives/faults").await.ok();
    assert_eq!(faults["items"][0]["code"], "missing_rate", "{faults}");
}

#[tokio::test]
async fn a_partner_sees_its_part_of_a_sale() {
    let play = Play::begin().await;
    let today = play.server.app().clock.now().date_naive();
    let body = json!({"kind": "invoice", "reference": "I-1", "partner_id": play.scene.alder, "currency": "EUR",
        "sold_on": today, "lines": [{"name": "Box", "amount": "10.00", "cost": "4.00"}],
        "facts": {"margin": "high"},
        "parties": [{"partner_id": play.scene.alder, "role": "sourced", "percent": "60"},
                    {"partner_id": play.scene.birch, "role": "fulfilled", "percent": "100"}]});
    let sale = play.sale(body).await.header("location");
    let seen = play.alder.get(&sale).await.ok();
    assert_eq!(
        json!([
            seen["parties"].as_array().unwrap().len(),
            seen["lines"][0]["cost"],
            seen["facts"]
        ]),
        json!([1, null, {}])
    );
    assert_eq!(play.finance.get(&sale).await.ok()["lines"][0]["cost"], "4.00");
    let other = play.server.login("finance@southgate.example").await;
    other.get(&sale).await.problem(404, "not_found");
    let cedar = play.server.login("finance@cedar.example").await;
    cedar.get(&sale).await.problem(404, "not_found");
}
