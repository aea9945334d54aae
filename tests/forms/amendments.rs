//! Amendments of approved deals.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, pointers};
use crate::support::{Answer, Caller, deal_body};

fn more() -> Value {
    json!({"products": [{"name": "Gateway", "quantity": "5", "unit_amount": "1000"}], "note": "A second site."})
}

async fn propose(caller: &Caller, deal: &str, body: &Value) -> Answer {
    let etag = caller.get(deal).await.header("etag");
    caller.post_at(&format!("{deal}/amendments"), &etag, body).await
}

#[tokio::test]
async fn an_approved_deal_changes_when_the_vendor_agrees_and_is_protected_meanwhile() {
    let stage = Stage::set().await;
    let deal = stage.approved("acme").await;
    let proposed = propose(&stage.rep, &deal, &more()).await;
    let path = proposed.header("location");
    assert_eq!(
        (&proposed.ok()["status"], &proposed.ok()["changes"][0]),
        (
            &json!("proposed"),
            &json!({"field": "amount", "from": "3601.50", "to": "5000.00"})
        )
    );
    let now = stage.manager.get(&deal).await.ok();
    assert_eq!(
        (&now["status"], &now["amount"]),
        (&json!("approved"), &json!("3601.50"))
    );
    let rival = stage.server.login("sales@birch.example").await;
    let claim = deal_body(stage.scene.northwind, "acme", "acme.example");
    let claim = rival.post("/api/v1/deals", &claim).await;
    let approve = format!("{}/approve", claim.header("location"));
    stage
        .manager
        .post_at(&approve, &claim.header("etag"), &json!({}))
        .await
        .problem(409, "customer_protected");

    let yes = json!({"note": "Fine."});
    stage
        .rep
        .post_at(&format!("{path}/approve"), "\"v1\"", &yes)
        .await
        .problem(403, "forbidden");
    stage
        .manager
        .post_at(&format!("{path}/approve"), "\"v1\"", &yes)
        .await
        .ok();
    let after = stage.rep.get(&deal).await.ok();
    assert_eq!(
        (&after["status"], &after["amount"]),
        (&json!("approved"), &json!("5000.00"))
    );
    stage
        .manager
        .post_at(&format!("{path}/reject"), "\"v2\"", &yes)
        .await
        .problem(409, "illegal_move");
    assert_eq!(
        stage.heard(&stage.rep, "deal.am").await,
        ["deal.amendment_proposed", "deal.amended"]
    );
    let history = stage.rep.get(&format!("{deal}/history")).await.ok();
    let step = &history["items"][0];
    assert_eq!(
        (&step["kind"], &step["said"], &step["changes"][0]["to"], &step["about"]),
        (
            &json!("amended"),
            &json!("Fine."),
            &json!("5000.00"),
            &proposed.ok()["id"]
        )
    );
}

#[tokio::test]
async fn of_many_amendments_at_once_one_is_open_and_each_ends_once() {
    let stage = Stage::set().await;
    let deal = stage.approved("acme").await;
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let (rep, deal) = (stage.rep.clone(), deal.clone());
        calls.spawn(async move { propose(&rep, &deal, &more()).await });
    }
    let answers = calls.join_all().await;
    let made: Vec<&Answer> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(made.len(), 1);
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        answer.problem(409, "amendment_open");
    }
    let path = made[0].header("location");
    let (no, back) = (format!("{path}/reject"), format!("{path}/withdraw"));
    let word = json!({});
    let (one, other) = tokio::join!(
        stage.manager.post_at(&no, "\"v1\"", &word),
        stage.rep.post_at(&back, "\"v1\"", &word)
    );
    let ended = [one, other].iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(ended, 1);
    assert_eq!(stage.rep.get(&deal).await.ok()["amount"], "3601.50");
    propose(&stage.rep, &deal, &more()).await.ok();
    let list = stage.manager.get(&format!("{deal}/amendments")).await.ok();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_amended_is_refused_by_name() {
    let stage = Stage::set().await;
    let fresh = stage.deal("fresh").await;
    propose(&stage.rep, &fresh, &more()).await.problem(409, "illegal_move");
    let deal = stage.approved("acme").await;
    let bad = async |body: Value| pointers(&propose(&stage.rep, &deal, &body).await);
    assert_eq!(bad(json!({"customer": {"name": "Other"}})).await, ["/customer unknown"]);
    assert_eq!(bad(json!({"note": "nothing"})).await, [" no_change"]);
    assert_eq!(
        bad(json!({"expected_close": "2020-01-01"})).await,
        ["/expected_close date"]
    );
    assert_eq!(bad(json!({"custom": {"x": "1"}})).await, ["/custom/x unknown"]);
    let negative = json!({"products": [{"name": "G", "quantity": "-1", "unit_amount": "1"}]});
    assert_eq!(bad(negative).await, ["/products/0/quantity decimal"]);
    propose(&stage.manager, &deal, &more()).await.problem(403, "forbidden");
    let rival = stage.server.login("sales@birch.example").await;
    let path = format!("{deal}/amendments");
    rival.post_at(&path, "\"v2\"", &more()).await.problem(404, "not_found");
    stage
        .rep
        .post_at(&path, "\"v1\"", &more())
        .await
        .problem(412, "stale_version");
}

#[tokio::test]
async fn an_amendment_ends_with_its_deal() {
    let stage = Stage::set().await;
    let deal = stage.approved("acme").await;
    let path = propose(&stage.rep, &deal, &more()).await.header("location");
    let etag = stage.rep.etag(&deal).await;
    stage
        .rep
        .post_at(&format!("{deal}/withdraw"), &etag, &json!({}))
        .await
        .ok();
    assert_eq!(stage.manager.get(&path).await.ok()["status"], "lapsed");
    stage
        .manager
        .post_at(&format!("{path}/approve"), "\"v2\"", &json!({}))
        .await
        .problem(409, "illegal_move");
}
