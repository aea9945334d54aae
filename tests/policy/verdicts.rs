use serde_json::json;

use super::{Stage, act};
use crate::support::{Mailbox, deal_body};

fn time(value: &serde_json::Value) -> chrono::DateTime<chrono::Utc> {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_clock_runs_for_both_sides_stands_still_for_a_question_and_tells_when_it_is_over() {
    let stage = Stage::set().await;
    stage.terms(json!({"decision_hours": 48, "business_days": false})).await;
    let (rep, manager) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
    );
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let due = time(&rep.get(&path).await.ok()["decision_clock"]["due_at"]);
    assert_eq!(due, stage.server.clock.now() + chrono::TimeDelta::hours(48));
    act(&manager, &path, "request-info", &json!({"question": "Who signs?"}))
        .await
        .ok();
    assert!(rep.get(&path).await.ok()["decision_clock"]["paused_at"].is_string());
    stage.pass(10);
    let rep = stage.login("sales@alder").await;
    let etag = rep.etag(&path).await;
    let answered = rep.patch(&path, &etag, &json!({"note": "Jo signs."})).await.ok();
    assert_eq!(
        time(&answered["decision_clock"]["due_at"]),
        due + chrono::TimeDelta::days(10)
    );
    stage.pass(3);
    let manager = stage.login("channel_manager@northwind").await;
    let overdue = stage.events(&manager, "deal.decision_overdue", 1).await;
    assert_eq!(overdue.len(), 1);
    let rep = stage.login("sales@alder").await;
    assert!(rep.get(&path).await.ok()["decision_clock"]["overdue_at"].is_string());
    let letter = Mailbox::of("owner@northwind.example").letter(&stage.server).await;
    assert!(letter.subject.contains("overdue"), "{}", letter.subject);
    let approved = act(&manager, &path, "approve", &json!({})).await.ok();
    assert!(approved["decision_clock"].is_null());
}

#[tokio::test]
async fn an_appeal_is_decided_by_somebody_else_and_makes_the_deal_claim_its_customer_again() {
    let stage = Stage::set().await;
    let (rep, manager, owner) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
    );
    let mut body = deal_body(stage.northwind, "Contoso Robotics GmbH", "contoso.example");
    body["customer"].as_object_mut().unwrap().remove("domain");
    let made = rep.post("/api/v1/deals", &body).await;
    made.ok();
    let path = made.header("location");
    let appeal = json!({"statement": "They are no customer of yours."});
    act(&rep, &path, "appeal", &appeal).await.problem(409, "illegal_move");
    act(&manager, &path, "reject", &json!({"reason": "existing_customer"}))
        .await
        .ok();
    let appealed = act(&rep, &path, "appeal", &appeal).await.ok();
    assert_eq!(
        json!([appealed["status"], appealed["decision"]["reason"]]),
        json!(["appealed", "existing_customer"])
    );
    assert!(appealed["decision_clock"]["due_at"].is_string());
    for side in [&manager, &rep] {
        let told = stage.events(side, "deal.appealed", 1).await;
        assert_eq!(
            json!([told.len(), told[0]["note"]]),
            json!([1, "They are no customer of yours."])
        );
        assert!(told[0]["appeal_id"].is_string());
        assert!(stage.events(side, "deal.appeal_filed", 0).await.is_empty());
        let history = side.get(&format!("{path}/history")).await.ok();
        assert_eq!(
            json!([history["items"][0]["kind"], history["items"][0]["said"]]),
            json!(["appealed", "They are no customer of yours."])
        );
    }
    for verdict in ["approve", "reject"] {
        let body = if verdict == "reject" {
            json!({"reason": "not_qualified"})
        } else {
            json!({})
        };
        let refused = act(&manager, &path, verdict, &body).await;
        let others = refused.problem(403, "appeal_needs_another")["up_next"].clone();
        assert_eq!(others, json!(["Northwind admin", "Northwind owner"]));
    }
    let named = json!({"name": "Desk", "scopes": ["deals:read", "deals:decide"]});
    let made = owner.post("/api/v1/api-keys", &named).await.ok();
    let key = stage.server.with_token(made["secret"].as_str().unwrap());
    let by_nobody = act(&key, &path, "approve", &json!({})).await;
    by_nobody.problem(403, "appeal_needs_another");
    let approved = act(&owner, &path, "approve", &json!({})).await.ok();
    assert_eq!(
        json!([approved["status"], approved["appeal"]["outcome"]]),
        json!(["approved", "approved"])
    );
    let birch = stage.login("sales@birch").await;
    let mut rival = deal_body(stage.northwind, "Contoso Robotics AG", "elsewhere.example");
    rival["customer"].as_object_mut().unwrap().remove("domain");
    let rival = birch.post("/api/v1/deals", &rival).await.ok();
    assert_eq!(rival["conflict_level"], "likely", "found by its name again");
}

#[tokio::test]
async fn an_appeal_comes_in_time_and_once() {
    let stage = Stage::set().await;
    let refuse = json!({"reason": "not_qualified"});
    let appeal = json!({"statement": "We are qualified."});
    let (rep, manager, owner) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
    );
    let (late, twice) = (
        stage.submit(&rep, "Acme GmbH", "acme.example").await,
        stage.submit(&rep, "Zenith Foods", "zenith.example").await,
    );
    for path in [&late, &twice] {
        act(&manager, path, "reject", &refuse).await.ok();
    }
    act(&rep, &twice, "appeal", &appeal).await.ok();
    let upheld = act(&owner, &twice, "reject", &refuse).await.ok();
    assert_eq!(upheld["appeal"]["outcome"], "upheld");
    act(&rep, &twice, "appeal", &appeal).await.problem(409, "appeal_closed");
    stage.pass(15);
    let rep = stage.login("sales@alder").await;
    act(&rep, &late, "appeal", &appeal).await.problem(409, "appeal_closed");
}
