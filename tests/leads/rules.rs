//! Rules decide, say why, and can be tried before they do.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, act, everything, lead, put};
use crate::support::{deal_body, until};

#[tokio::test]
async fn the_explanation_says_why_this_partner_and_why_no_other() {
    let stage = Stage::set().await;
    stage
        .capable(
            stage.scene.alder,
            &json!({"countries": ["DE"], "products": ["GATEWAY"], "weight": 1}),
        )
        .await;
    stage
        .capable(stage.scene.birch, &json!({"countries": ["FR"], "weight": 1}))
        .await;
    stage
        .rules(json!([
            {"name": "France", "when": {"countries": ["FR"]}, "choice": "round_robin"},
            {"name": "Competence", "eligible": {"territory": true, "competence": true}, "choice": "best_score"}
        ]))
        .await;
    let path = stage.lead("Acme", "DE").await;
    assert_eq!(stage.holder(&path).await, "Alder");
    let rounds = stage.manager.get(&format!("{path}/assignments")).await.ok();
    let round = &rounds["items"][0];
    assert_eq!(
        json!([round["cause"], round["rules"], round["outcome"]]),
        json!(["received", 1, "offered"])
    );
    let [france, competence] = round["explanation"].as_array().unwrap().as_slice() else {
        panic!("{round}")
    };
    assert_eq!(json!([france["name"], france["missed"]]), json!(["France", "country"]));
    assert_eq!(competence["chosen"], json!([stage.scene.alder]));
    assert_eq!(
        competence["eligible"],
        json!([{"partner_id": stage.scene.alder, "value": 60, "unit": "fit_points"}])
    );
    assert_eq!(
        competence["out"],
        json!([{"reasons": ["territory", "competence"], "count": 1, "partner_ids": [stage.scene.birch]}])
    );
    stage
        .alder
        .get(&format!("{path}/assignments"))
        .await
        .problem(403, "forbidden");
    let own = stage.alder.get(&path).await.ok();
    assert_eq!(
        own["offer"]["why"],
        json!({"rule": "Competence", "choice": "best_score", "met": ["territory", "competence", "capacity"]})
    );
    assert!(!own.to_string().contains(&stage.scene.birch.to_string()));
}

#[tokio::test]
async fn turns_are_fair_when_leads_come_all_at_once() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let mut calls = JoinSet::new();
    for number in 0..10 {
        let manager = stage.manager.clone();
        calls.spawn(async move {
            manager
                .post("/api/v1/leads", &lead(&format!("Company number {number}x"), "DE"))
                .await
                .ok()
        });
    }
    let made = calls.join_all().await;
    let of = |name: &str| made.iter().filter(|one| one["lead"]["partner"]["name"] == name).count();
    assert_eq!((of("Alder"), of("Birch")), (5, 5), "{made:?}");
}

#[tokio::test]
async fn weights_capacity_and_what_waits() {
    let stage = Stage::set().await;
    stage
        .capable(stage.scene.alder, &json!({"weight": 3, "capacity": 3}))
        .await;
    stage
        .capable(stage.scene.birch, &json!({"weight": 1, "capacity": 1}))
        .await;
    stage.rules(everything("weight")).await;
    let leads: Vec<Value> = (0..6)
        .map(|number| lead(&format!("Firm {number} of many"), "DE"))
        .collect();
    stage
        .manager
        .post("/api/v1/leads/batch", &json!({"hold": true, "leads": leads}))
        .await
        .ok();
    let result = stage.manager.post("/api/v1/leads/distribute", &json!({})).await.ok();
    assert_eq!(result, json!({"offered": 4, "unassigned": 2}));
    let held = async |partner| {
        let path = format!("/api/v1/leads?partner_id={partner}");
        stage.manager.get(&path).await.ok()["items"].as_array().unwrap().len()
    };
    assert_eq!((held(stage.scene.alder).await, held(stage.scene.birch).await), (3, 1));
    stage
        .capable(stage.scene.birch, &json!({"weight": 1, "capacity": 9}))
        .await;
    let result = stage.manager.post("/api/v1/leads/distribute", &json!({})).await.ok();
    assert_eq!(result, json!({"offered": 2, "unassigned": 0}));
}

#[tokio::test]
async fn win_rates_come_from_closed_deals() {
    let stage = Stage::set().await;
    let close = async |rep: &crate::support::Caller, name: &str, end: Value| {
        let made = rep
            .post(
                "/api/v1/deals",
                &deal_body(stage.scene.northwind, name, &format!("{name}.example")),
            )
            .await;
        made.ok();
        let path = made.header("location");
        act(&stage.manager, &path, "approve", &json!({})).await.ok();
        act(&stage.manager, &path, "close", &end).await.ok();
    };
    close(&stage.alder, "lostone", json!({"outcome": "lost", "reason": "price"})).await;
    close(&stage.birch, "wonone", json!({"outcome": "won"})).await;
    let all = stage.manager.get("/api/v1/partnerships").await.ok();
    for (partner, expected) in [(stage.scene.alder, json!([0, 1])), (stage.scene.birch, json!([1, 0]))] {
        let ours = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["partner"]["id"] == json!(partner))
            .unwrap();
        let path = format!(
            "/api/v1/partnerships/{}/lead-capabilities",
            ours["id"].as_str().unwrap()
        );
        until("the deal is counted", async || {
            let seen = stage.manager.get(&path).await.ok();
            (json!([seen["won"], seen["lost"]]) == expected).then_some(())
        })
        .await;
    }
    stage.rules(everything("best_score")).await;
    let path = stage.lead("Acme", "DE").await;
    assert_eq!(stage.holder(&path).await, "Birch", "who wins more");
}

#[tokio::test]
async fn a_change_of_the_rules_can_be_tried_and_changes_nothing() {
    let stage = Stage::set().await;
    let only = |partner| json!([{"name": "Only", "eligible": {"partner_ids": [partner]}, "choice": "round_robin"}]);
    stage.rules(only(stage.scene.alder)).await;
    let path = stage.lead("Acme", "DE").await;
    stage.server.clock.advance(TimeDelta::seconds(1));
    stage.lead("Fabrikam", "FR").await;
    let before = stage.manager.get("/api/v1/lead-rules").await.ok();
    let rules = json!([{"name": "Germany", "when": {"countries": ["DE"]}, "eligible": {"partner_ids": [stage.scene.birch]}, "choice": "pool"}]);
    stage.server.clock.advance(TimeDelta::minutes(1));
    let tried = stage
        .manager
        .post("/api/v1/lead-rules/simulate", &json!({"rules": rules}))
        .await
        .ok();
    assert_eq!(
        json!([
            tried["leads"],
            tried["moved"],
            tried["unassigned_before"],
            tried["unassigned_after"]
        ]),
        json!([2, 2, 0, 1])
    );
    let share = |partner| {
        tried["partners"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["partner_id"] == json!(partner))
            .cloned()
    };
    assert_eq!(share(stage.scene.alder).unwrap()["before"], 2);
    assert_eq!(share(stage.scene.birch).unwrap()["after"], 1);
    assert_eq!(
        json!([tried["sample"][0]["rule_before"], tried["sample"][0]["rule_after"]]),
        json!(["Only", "Germany"])
    );
    assert_eq!(stage.manager.get("/api/v1/lead-rules").await.ok(), before);
    assert_eq!(stage.holder(&path).await, "Alder");
}

#[tokio::test]
async fn rules_are_versioned_and_name_their_faults() {
    let stage = Stage::set().await;
    let first = stage.rules(everything("pool")).await;
    let id = first["rules"][0]["id"].clone();
    let second = stage
        .rules(json!([{"id": id, "name": "Renamed", "choice": "pool"}]))
        .await;
    assert_eq!(json!([second["version"], second["rules"][0]["id"]]), json!([2, id]));
    put(&stage.manager, "/api/v1/lead-rules", "\"v1\"", &json!({"rules": []}))
        .await
        .problem(412, "stale_version");
    let versions = stage.manager.get("/api/v1/lead-rules/versions").await.ok();
    let names: Vec<&Value> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["rules"][0]["name"])
        .collect();
    assert_eq!(names, ["Renamed", "Everything"]);
    let bad = json!({"rules": [{"name": "", "when": {"countries": ["Germany"], "amount": {"currency": "EUR", "from": "-1"}},
        "choice": "pool", "offer_minutes": 0}]});
    let problem = put(&stage.manager, "/api/v1/lead-rules", "\"v2\"", &bad)
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 4, "{problem}");
    let worded = json!({"rules": [{"name": "X", "when": {"amount": {"currency": "EUR", "from": "60000 EUR"}},
        "choice": "pool"}]});
    let problem = put(&stage.manager, "/api/v1/lead-rules", "\"v2\"", &worded)
        .await
        .problem(422, "invalid_body");
    let fault = &problem["errors"][0];
    assert_eq!(fault["pointer"], "/rules/0/when/amount/from");
    assert!(
        fault["message"]
            .as_str()
            .unwrap()
            .contains("digits alone, like \"60000\""),
        "{problem}"
    );
    let foreign = json!({"rules": [{"name": "X", "eligible": {"partner_ids": [stage.scene.cedar]}, "choice": "pool"}]});
    let problem = put(&stage.manager, "/api/v1/lead-rules", "\"v2\"", &foreign)
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/rules/0/eligible/partner_ids/0");
}
