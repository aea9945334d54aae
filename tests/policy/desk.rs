use axum::http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, act};
use crate::support::{Answer, Caller};

fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

async fn accounts(caller: &Caller, accounts: Value) -> Answer {
    let headers = [("content-type", "application/json")];
    let body = json!({"accounts": accounts}).to_string();
    caller
        .send(Method::PUT, "/api/v1/direct-accounts", &headers, body)
        .await
}

/// Two rivals, and the address of the case that they are.
async fn rivals(stage: &Stage, manager: &Caller) -> (String, String, String) {
    let (alder, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    let one = stage.submit(&alder, "Acme Robotics GmbH", "acme.example").await;
    stage.server.clock.advance(chrono::TimeDelta::seconds(1));
    let other = stage.submit(&birch, "Acme Robotics AG", "acme.example").await;
    let cases = manager.get("/api/v1/conflict-cases").await.ok();
    let case = cases["items"].as_array().unwrap().last().unwrap()["id"].clone();
    (one, other, format!("/api/v1/conflict-cases/{}", case.as_str().unwrap()))
}

#[tokio::test]
async fn each_side_puts_its_own_forward_and_the_first_wins() {
    let stage = Stage::set().await;
    let manager = stage.login("channel_manager@northwind").await;
    let (one, other, case) = rivals(&stage, &manager).await;
    let (alder, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    alder
        .post(&format!("{case}/evidence"), &json!({"text": "Our workshop of May."}))
        .await
        .ok();
    let before = birch.get(&case).await;
    stage.server.clock.advance(chrono::TimeDelta::seconds(5));
    alder
        .post(&format!("{case}/evidence"), &json!({"text": "Our workshop of June."}))
        .await
        .ok();
    let after = birch.get(&case).await;
    assert_eq!(
        (before.ok(), before.header("etag")),
        (after.ok(), after.header("etag")),
        "nothing tells Birch that the other side has acted"
    );
    let given = birch
        .post(&format!("{case}/evidence"), &json!({"text": "Their letter of June."}))
        .await;
    assert_eq!(given.ok()["evidence"][0]["no"], 1);
    assert_ne!(given.header("etag"), after.header("etag"));
    assert_eq!(stage.events(&birch, "conflict.evidence_given", 1).await[0]["no"], 1);
    let seen = String::from_utf8(birch.get(&case).await.body.to_vec()).unwrap();
    assert!(seen.contains("letter of June") && seen.contains(&id(&other)), "{seen}");
    assert!(
        !seen.contains("workshop") && !seen.contains(&id(&one)) && !seen.contains("Alder"),
        "{seen}"
    );
    let all = manager.get(&case).await.ok();
    let names: Vec<&Value> = all["parties"]
        .as_array()
        .unwrap()
        .iter()
        .map(|party| &party["partner_name"])
        .collect();
    assert_eq!(names, ["Alder", "Birch"]);
    assert_eq!(
        all["parties"].as_array().unwrap().len() + all["evidence"].as_array().unwrap().len(),
        5
    );
    stage
        .login("sales@cedar")
        .await
        .get(&case)
        .await
        .problem(404, "not_found");
    act(&birch, &case, "decide", &json!({"decision": "first_wins"}))
        .await
        .problem(403, "forbidden");
    let decided = act(&manager, &case, "decide", &json!({"decision": "first_wins"}))
        .await
        .ok();
    assert_eq!(decided["decision"], "first_wins");
    for (status, count) in [("open", 0), ("decided", 1)] {
        let listed = manager
            .get(&format!("/api/v1/conflict-cases?status={status}"))
            .await
            .ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), count, "{status}");
    }
    assert_eq!(alder.get(&one).await.ok()["status"], "approved");
    let lost = birch.get(&other).await.ok();
    assert_eq!(
        json!([lost["status"], lost["decision"]["reason"]]),
        json!(["rejected", "already_registered"])
    );
    assert_eq!(
        stage.events(&birch, "conflict.outcome", 1).await[0]["outcome"],
        "rejected"
    );
    act(&birch, &other, "appeal", &json!({"statement": "No."})).await.ok();
    let owner = stage.login("owner@northwind").await;
    act(&owner, &other, "approve", &json!({}))
        .await
        .problem(409, "customer_protected");
    birch
        .post(&format!("{case}/evidence"), &json!({"text": "Late."}))
        .await
        .problem(409, "illegal_move");
}

#[tokio::test]
async fn shared_credit_sums_to_the_whole_and_is_announced() {
    let stage = Stage::set().await;
    let manager = stage.login("channel_manager@northwind").await;
    let (one, other, case) = rivals(&stage, &manager).await;
    let split = |first: &str, second: &str| {
        json!({"decision": "split_credit", "winner_deal_id": id(&other), "shares": [
            {"deal_id": id(&other), "percent": first}, {"deal_id": id(&one), "percent": second}]})
    };
    for (first, second) in [("60", "39.99"), ("100", "0"), ("-10", "110"), ("33.333", "66.667")] {
        act(&manager, &case, "decide", &split(first, second))
            .await
            .problem(422, "invalid_body");
    }
    act(&manager, &case, "decide", &json!({"decision": "reject"}))
        .await
        .problem(422, "invalid_body");
    let mut unnamed = split("60", "40");
    unnamed["winner_deal_id"] = json!(null);
    let refused = act(&manager, &case, "decide", &unnamed).await;
    let fault = &refused.problem(422, "invalid_body")["errors"][0];
    assert_eq!([&fault["pointer"], &fault["code"]], ["/winner_deal_id", "missing"]);
    act(&manager, &case, "decide", &split("60", "40")).await.ok();
    let event = &stage.events(&manager, "conflict.decided", 1).await[0];
    assert_eq!(
        json!([
            event["winner_deal_id"],
            event["shares"][0]["percent"],
            event["shares"][1]["percent"]
        ]),
        json!([id(&other), "60", "40"])
    );
    let alder = stage.login("sales@alder").await;
    assert_eq!(alder.get(&one).await.ok()["decision"]["reason"], "credit_shared");
    let told = &stage.events(&alder, "conflict.outcome", 1).await[0];
    assert_eq!(json!([told["outcome"], told["share"]]), json!(["credit_shared", "40"]));
    let heard = alder.get("/api/v1/events?since=0-0&limit=500").await;
    let heard = String::from_utf8(heard.body.to_vec()).unwrap();
    // It gets credit on the other registration, and learns nothing of whose that is.
    assert!(heard.contains("credit.own_agreed"), "{heard}");
    assert!(
        !heard.contains("conflict.decided") && !heard.contains("Birch"),
        "{heard}"
    );
}

#[tokio::test]
async fn of_two_managers_one_settles_a_case() {
    let stage = Stage::set().await;
    let manager = stage.login("channel_manager@northwind").await;
    let (one, other, case) = rivals(&stage, &manager).await;
    let etag = manager.etag(&case).await;
    let owner = stage.login("owner@northwind").await;
    let mut calls = JoinSet::new();
    for (caller, body) in [
        (manager, json!({"decision": "first_wins"})),
        (owner.clone(), json!({"decision": "reject", "reason": "not_qualified"})),
    ] {
        let (path, etag) = (format!("{case}/decide"), etag.clone());
        calls.spawn(async move { caller.post_at(&path, &etag, &body).await });
    }
    let answers = calls.join_all().await;
    let settled: Vec<&Answer> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(settled.len(), 1, "{answers:?}");
    let late = answers.iter().find(|answer| !answer.status.is_success()).unwrap();
    late.problem(412, "stale_version");
    let statuses = json!([
        owner.get(&one).await.ok()["status"],
        owner.get(&other).await.ok()["status"]
    ]);
    let expected = if settled[0].ok()["decision"] == "reject" {
        json!(["rejected", "rejected"])
    } else {
        json!(["approved", "rejected"])
    };
    assert_eq!(statuses, expected);
}

#[tokio::test]
async fn registrations_settled_as_one_opportunity_are_never_both_approved() {
    let stage = Stage::set().await;
    let (alder, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    let (manager, owner) = (
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
    );
    let one = stage.submit(&alder, "Acme Robotics", "acme.example").await;
    stage.server.clock.advance(chrono::TimeDelta::seconds(1));
    let other = stage.submit(&birch, "Halden Shipyards", "halden.example").await;
    assert_eq!(manager.get("/api/v1/conflict-cases").await.ok()["items"], json!([]));
    let by_hand = json!({"deal_ids": [id(&one), id(&other)]});
    let case = manager.post("/api/v1/conflict-cases", &by_hand).await;
    case.ok();
    act(
        &manager,
        &case.header("location"),
        "decide",
        &json!({"decision": "first_wins"}),
    )
    .await
    .ok();
    act(&birch, &other, "appeal", &json!({"statement": "No."})).await.ok();
    act(&owner, &other, "approve", &json!({}))
        .await
        .problem(409, "opportunity_protected");
}

#[tokio::test]
async fn the_vendors_own_pipeline_conflicts_and_is_protected_once() {
    let stage = Stage::set().await;
    let (rep, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    let (manager, owner) = (
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
    );
    let contoso = json!({"external_ref": "A-1", "kind": "opportunity", "name": "Contoso Robotics Inc", "domain": "https://www.contoso.example/de",
        "country": "DE", "stage": "open", "owner_name": "Mara", "amount": "120000", "currency": "EUR"});
    let faults = accounts(
        &manager,
        json!([contoso, {"external_ref": "A-1", "kind": "account", "name": "X", "country": "XX",
        "stage": "open", "amount": "1"}]),
    )
    .await
    .problem(422, "invalid_body");
    let mut places: Vec<&str> = faults["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        ["/accounts/1/amount", "/accounts/1/country", "/accounts/1/external_ref"]
    );
    accounts(&rep, json!([contoso])).await.problem(403, "forbidden");
    let changed = accounts(&manager, json!([contoso])).await.ok()["changed"].clone();
    assert_eq!(accounts(&manager, json!([contoso])).await.ok()["changed"], json!([]));
    let path = stage.submit(&rep, "Contoso Robotics GmbH", "contoso.example").await;
    let mine = rep.get(&path).await;
    assert_eq!(mine.ok()["conflict_level"], "certain");
    assert!(!String::from_utf8(mine.body.to_vec()).unwrap().contains("A-1"));
    let conflicts = manager.get(&format!("{path}/conflicts")).await.ok();
    assert_eq!(conflicts["items"][0]["account"]["external_ref"], "A-1");
    assert_eq!(
        manager.get(&path).await.ok()["conflict"],
        json!({"level": "certain", "count": 1})
    );
    let cases = manager.get("/api/v1/conflict-cases").await.ok();
    assert_eq!(cases["items"][0]["parties"].as_array().unwrap().len(), 2);
    let link = json!({"account_id": changed[0]});
    let other = stage.submit(&birch, "Halden Shipyards", "halden.example").await;
    for deal in [&path, &other] {
        act(&manager, deal, "link-account", &link).await.ok();
    }
    act(&owner, &path, "approve", &json!({})).await.ok();
    let refused = act(&owner, &other, "approve", &json!({}))
        .await
        .problem(409, "opportunity_protected");
    assert!(
        refused["detail"].as_str().unwrap().contains("one of your own accounts"),
        "{refused}"
    );
    stage
        .terms(json!({"rules": [{"name": "All", "outcome": "auto_approve"}]}))
        .await;
    let etag = birch.etag(&other).await;
    let changed = birch.patch(&other, &etag, &json!({"note": "Soon."})).await.ok();
    assert_eq!(changed["status"], "submitted", "a rule leaves it to a person");
    stage.terms(json!({"rules": []})).await;
    let mut closed = contoso.clone();
    closed["stage"] = "closed".into();
    accounts(&manager, json!([closed])).await.ok();
    assert_eq!(manager.get(&path).await.ok()["conflict"], Value::Null);
}
