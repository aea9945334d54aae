use chrono::TimeDelta;
use serde_json::json;

use super::play::{Play, of_invoices, ten_percent};
use crate::support::{Socket, TestServer, deal_body, until};

#[tokio::test]
async fn a_won_deal_is_an_accrued_earning_that_explains_itself() {
    let play = Play::begin().await;
    let plan = play.plan("Reseller commission", ten_percent()).await;
    let deal = play.won("Acme").await;
    let earnings = play.earnings(&play.alder).await;
    let [earning] = earnings.as_slice() else {
        panic!("{earnings:?}");
    };
    assert_eq!(
        json!([
            earning["amount"],
            earning["currency"],
            earning["status"],
            earning["kind"],
            earning["cause"],
            earning["plan"]
        ]),
        json!(["360.15", "EUR", "accrued", "commission", "sale", "Reseller commission"])
    );
    assert!(deal.ends_with(earning["deal_id"].as_str().unwrap()));
    let path = format!("/api/v1/earnings/{}", earning["id"].as_str().unwrap());
    let told = play.alder.get(&path).await.ok();
    let why = &told["explanation"];
    assert!(plan.ends_with(why["plan"]["id"].as_str().unwrap()));
    assert_eq!(why["plan"]["version"], 1);
    let part = &why["contribution"]["parts"][0];
    assert_eq!(
        json!([part["role"], part["lines"][0]["name"], part["amount"]]),
        json!(["sourced", "everything", "360.15"]),
        "{part}"
    );
    assert_eq!(told["postings"].as_array().unwrap().len(), 2);
    assert_eq!(play.balances(play.scene.alder).await, json!({"accrued": "360.15"}));
    play.birch.get(&path).await.problem(404, "not_found");
    assert!(play.earnings(&play.birch).await.is_empty());
    play.sound().await;
}

#[tokio::test]
async fn both_sides_hear_of_it_live() {
    let play = Play::begin().await;
    play.plan("Reseller commission", ten_percent()).await;
    let mut socket = Socket::open(&play.alder).await;
    let wanted = json!({"type": "subscribe", "id": "e", "channel": "org", "topics": ["earnings"]});
    socket.send(&wanted).await;
    assert_eq!(socket.next().await["type"], "subscribed");
    play.won("Acme").await;
    let event = socket.event().await;
    assert_eq!(event["kind"], "earning.accrued", "{event}");
    assert_eq!(
        json!([event["data"]["amount"], event["data"]["status"]]),
        json!(["360.15", "accrued"])
    );
}

#[tokio::test]
async fn credit_that_is_shared_splits_the_earning_to_the_cent() {
    let play = Play::begin().await;
    play.plan("Reseller commission", ten_percent()).await;
    let made = play
        .seller
        .post(
            "/api/v1/deals",
            &deal_body(play.scene.northwind, "Acme", "acme.example"),
        )
        .await;
    let deal = made.header("location");
    play.vendor
        .post_at(&format!("{deal}/approve"), &made.header("etag"), &json!({}))
        .await
        .ok();
    let shares = json!({"shares": [{"partner_id": play.scene.alder, "role": "sourced", "percent": "66.67"},
        {"partner_id": play.scene.birch, "role": "sourced", "percent": "33.33"}]});
    let proposed = play
        .vendor
        .post(&format!("{deal}/credit"), &shares)
        .await
        .header("location");
    for email in ["sales@alder.example", "sales@birch.example"] {
        let signer = play.server.login(email).await;
        let etag = signer.etag(&proposed).await;
        signer
            .post_at(&format!("{proposed}/accept"), &etag, &json!({}))
            .await
            .ok();
    }
    let etag = play.vendor.etag(&deal).await;
    play.vendor
        .post_at(&format!("{deal}/close"), &etag, &json!({"outcome": "won"}))
        .await
        .ok();
    assert_eq!(play.amounts(&play.alder).await, json!(["240.11"]));
    assert_eq!(play.amounts(&play.birch).await, json!(["120.04"]));
    play.sound().await;
}

#[tokio::test]
async fn an_earning_is_approved_held_and_released_with_what_corrects_it() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    let sale = play.invoice("I-1", "1000.00").await.header("location");
    play.accrued().await;
    let refund = json!({"kind": "refund", "reference": "R-1", "on": play.server.app().clock.now().date_naive(), "amount": "250.00"});
    play.reverse(&sale, refund).await.ok();
    let lines = play.earnings(&play.alder).await;
    assert_eq!(
        json!([lines[0]["amount"], lines[1]["amount"]]),
        json!(["100.00", "-25.00"])
    );
    assert_eq!(lines[1]["root_id"], lines[0]["id"]);
    let ids = json!({"earning_ids": [lines[0]["id"]]});
    let moved = play.finance.post("/api/v1/earnings/approve", &ids).await.ok();
    assert_eq!(moved["moved"], 2);
    assert_eq!(
        play.balances(play.scene.alder).await,
        json!({"payable": "75.00", "clawed_back": "25.00"})
    );
    play.finance
        .post("/api/v1/earnings/approve", &ids)
        .await
        .problem(409, "earning_elsewhere");
    let hold = json!({"earning_ids": [lines[1]["id"]], "reason": "The invoice is disputed"});
    play.finance.post("/api/v1/earnings/hold", &hold).await.ok();
    let held = play.earnings(&play.alder).await;
    assert_eq!(
        json!([held[0]["status"], held[1]["status"], held[0]["held_because"]]),
        json!(["held", "held", "The invoice is disputed"])
    );
    play.finance.post("/api/v1/earnings/release", &ids).await.ok();
    assert_eq!(play.earnings(&play.alder).await[0]["status"], "payable");
    play.vendor
        .post("/api/v1/earnings/approve", &ids)
        .await
        .problem(403, "forbidden");
    play.alder
        .post("/api/v1/earnings/approve", &ids)
        .await
        .problem(403, "forbidden");
    let other = play.server.login("finance@southgate.example").await;
    other
        .post("/api/v1/earnings/approve", &ids)
        .await
        .problem(404, "not_found");
    play.sound().await;
}

#[tokio::test]
async fn what_is_approved_rests_until_its_day() {
    let server = TestServer::builder().manual_clock().start().await;
    let play = Play::on(server).await;
    let mut spec = of_invoices();
    spec["hold_days"] = json!(30);
    play.plan_with(json!({"name": "Commission", "spec": spec, "auto_approve": true}))
        .await;
    play.invoice("I-1", "1000.00").await.ok();
    assert_eq!(play.earnings(&play.alder).await[0]["status"], "approved");
    play.server.app().clock.advance(TimeDelta::days(31));
    let alder = play.server.login("finance@alder.example").await;
    until("the earning is payable", async || {
        let status = play.earnings(&alder).await[0]["status"].clone();
        (status == "payable").then_some(())
    })
    .await;
    play.sound().await;
}

#[tokio::test]
async fn a_seller_sees_its_own_rewards_only() {
    let play = Play::begin().await;
    play.plan("Commission", ten_percent()).await;
    let spiff = json!({"type": "spiff", "trigger": "deal_won", "currency": "EUR", "payee": "person",
        "amount": {"per_sale": "50.00"}});
    play.plan("Autumn SPIFF", spiff).await;
    play.won("Acme").await;
    assert_eq!(play.amounts(&play.seller).await, json!(["50.00"]));
    let mut all: Vec<String> = play
        .earnings(&play.alder)
        .await
        .iter()
        .map(|one| one["amount"].to_string())
        .collect();
    all.sort();
    assert_eq!(all, ["\"360.15\"", "\"50.00\""]);
    let other = play.server.login("technical@alder.example").await;
    assert!(play.earnings(&other).await.is_empty());
}
