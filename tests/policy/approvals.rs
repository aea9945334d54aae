use serde_json::{Value, json};

use super::{Stage, act, put};
use crate::support::{Caller, deal_body};

async fn user(caller: &Caller) -> Value {
    caller.get("/api/v1/me").await.ok()["user"]["id"].clone()
}

#[tokio::test]
async fn a_rule_approves_at_once_and_says_so_but_not_against_an_approved_rival() {
    let stage = Stage::set().await;
    let small = json!({"amount_at_most": [{"currency": "EUR", "amount": "4000"}]});
    stage
        .terms(json!({"rules": [{"name": "Small", "when": small, "outcome": "auto_approve"}]}))
        .await;
    let (rep, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    let manager = stage.login("channel_manager@northwind").await;
    let made = rep
        .post(
            "/api/v1/deals",
            &deal_body(stage.northwind, "Acme GmbH", "acme.example"),
        )
        .await;
    assert_eq!(made.ok()["status"], "approved");
    assert!(made.ok()["protection"]["until"].is_string());
    assert_eq!(stage.events(&rep, "deal.approved", 1).await[0]["rule"], "Small");
    let rival = birch
        .post(
            "/api/v1/deals",
            &deal_body(stage.northwind, "Acme GmbH", "acme.example"),
        )
        .await;
    assert_eq!(rival.ok()["status"], "submitted");
    let mut large = deal_body(stage.northwind, "Zenith Foods", "zenith.example");
    large["products"][0]["quantity"] = "4".into();
    let large = rep.post("/api/v1/deals", &large).await;
    assert_eq!(large.ok()["status"], "submitted");
    let simulate = format!("{}/simulate", stage.policy());
    let tried = manager
        .post(&simulate, &json!({"deal_id": large.ok()["id"]}))
        .await
        .ok();
    assert_eq!(tried["rule"], Value::Null);
    assert_eq!(
        tried["trials"][0]["unmet"],
        json!(["the amount 4802 EUR is above 4000 EUR"])
    );
    let rules = json!([{"name": "All", "outcome": "auto_approve"}]);
    let tried = manager
        .post(&simulate, &json!({"deal_id": large.ok()["id"], "rules": rules}))
        .await
        .ok();
    assert_eq!(tried["rule"], "All");
    let alone = json!([{"currency": "EUR", "amount": "60000 EUR"}]);
    for (limits, advice) in [
        (alone, "like \"349\": no currency"),
        (json!("60000 EUR"), r#"like [{"currency": "EUR", "amount": "60000"}]"#),
    ] {
        let rules = json!([{"name": "X", "outcome": "auto_approve", "when": {"amount_at_most": limits}}]);
        let refused = manager
            .post(&simulate, &json!({"deal_id": large.ok()["id"], "rules": rules}))
            .await
            .problem(422, "invalid_body");
        let message = refused["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains(advice), "{message}");
    }
    let etag = rep.etag(&large.header("location")).await;
    let line = json!({"products": [{"name": "Gateway", "quantity": "1", "unit_amount": "10"}]});
    let changed = rep.patch(&large.header("location"), &etag, &line).await.ok();
    assert_eq!(changed["status"], "approved", "a change is routed anew");
}

#[tokio::test]
async fn a_chain_asks_one_after_the_other_and_refuses_who_is_not_up() {
    let stage = Stage::set().await;
    let (rep, manager, owner, admin) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
        stage.login("admin@northwind").await,
    );
    stage
        .terms(json!({"rules": [{"name": "Two", "outcome": "chain", "steps": [
            {"name": "Channel", "needs": "any", "approvers": [{"role": "channel_manager"}]},
            {"name": "Board", "needs": "all", "approvers": [{"role": "owner"}, {"user_id": user(&admin).await}]}]}]}))
        .await;
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let deal = manager.get(&path).await.ok();
    assert_eq!(deal["approval"]["up_next"], json!(["anybody who is channel_manager"]));
    assert!(
        rep.get(&path).await.ok()["approval"].is_null(),
        "the chain is the vendor's"
    );
    let early = act(&owner, &path, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    assert_eq!(early["up_next"], json!(["anybody who is channel_manager"]));
    let voted = act(&manager, &path, "approve", &json!({"note": "Sound."})).await.ok();
    assert_eq!(
        json!([voted["status"], voted["approval"]["up_next"]]),
        json!(["submitted", ["anybody who is owner", "Northwind admin"]])
    );
    let vote = &voted["approval"]["steps"][0]["approvers"][0];
    assert_eq!(
        json!([vote["note"], vote["voted_by"]["name"], vote["approved"]]),
        json!(["Sound.", "Northwind channel_manager", true])
    );
    act(&manager, &path, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    act(&manager, &path, "reject", &json!({"reason": "not_qualified"}))
        .await
        .problem(403, "not_up_next");
    act(&admin, &path, "approve", &json!({})).await.ok();
    act(&admin, &path, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    assert_eq!(
        act(&owner, &path, "approve", &json!({})).await.ok()["status"],
        "approved"
    );
    let other = stage.submit(&rep, "Zenith Foods", "zenith.example").await;
    act(&manager, &other, "approve", &json!({})).await.ok();
    let refused = act(&admin, &other, "reject", &json!({"reason": "not_qualified"}))
        .await
        .ok();
    assert_eq!(
        json!([refused["status"], refused["approval"]["steps"][1]["status"]]),
        json!(["rejected", "rejected"])
    );
    assert_eq!(
        votes(&manager, &other).await,
        [
            json!(["Northwind channel_manager", null, "Channel", true, null]),
            json!(["Northwind admin", null, "Board", false, null]),
        ]
    );
    assert_eq!(votes(&manager, &path).await.len(), 3);
    assert_eq!(votes(&manager, &path).await[0][1], "Sound.");
    assert!(votes(&rep, &path).await.is_empty(), "the chain is the vendor's");
    assert_eq!(
        rep.get(&format!("{path}/history")).await.ok()["items"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "submitted and approved"
    );
}

/// Who voted in the deal's history, what was said, in which step, how, and for whom; the first first.
async fn votes(caller: &Caller, deal: &str) -> Vec<Value> {
    let history = caller.get(&format!("{deal}/history")).await.ok();
    let steps = history["items"].as_array().unwrap().iter().rev();
    steps
        .filter(|step| step["kind"] == "approval_voted")
        .map(|step| {
            let vote = &step["vote"];
            assert_eq!(step["internal"], true);
            json!([
                step["by"]["name"],
                step["said"],
                vote["step"],
                vote["approved"],
                vote["on_behalf_of"]["name"]
            ])
        })
        .collect()
}

#[tokio::test]
async fn somebody_who_is_named_twice_in_a_step_has_one_vote() {
    let stage = Stage::set().await;
    let (rep, manager, admin) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("admin@northwind").await,
    );
    stage
        .terms(json!({"rules": [{"name": "Four eyes", "outcome": "chain", "steps": [
            {"name": "Both", "needs": "all",
             "approvers": [{"role": "admin"}, {"role": "admin"}, {"user_id": user(&manager).await}, {"role": "channel_manager"}]}]}]}))
        .await;
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    for who in [&manager, &admin] {
        let voted = act(who, &path, "approve", &json!({})).await.ok();
        assert_eq!(voted["status"], "submitted");
        act(who, &path, "approve", &json!({})).await.problem(403, "not_up_next");
    }
    let votes = manager.get(&path).await.ok()["approval"]["steps"][0]["approvers"].clone();
    let given: Vec<bool> = votes
        .as_array()
        .unwrap()
        .iter()
        .map(|vote| !vote["voted_by"].is_null())
        .collect();
    assert_eq!(given, [true, false, true, false], "{votes}");
}

#[tokio::test]
async fn approvals_can_be_lent_and_a_slow_step_asks_somebody_else() {
    let stage = Stage::set().await;
    let (rep, manager, owner, admin) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
        stage.login("admin@northwind").await,
    );
    stage
        .terms(json!({"rules": [{"name": "One", "outcome": "chain", "steps": [
            {"name": "Owner", "needs": "any", "approvers": [{"user_id": user(&owner).await}],
             "escalate_hours": 24, "escalate_to": {"role": "admin"}}]}]}))
        .await;
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    act(&manager, &path, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    let ends = stage.server.clock.now() + chrono::TimeDelta::hours(2);
    let loan = json!({"to_user_id": user(&manager).await, "ends_at": ends});
    let of_another = json!({"from_user_id": user(&owner).await, "to_user_id": user(&manager).await, "ends_at": ends});
    manager
        .post("/api/v1/approval-delegations", &of_another)
        .await
        .problem(403, "forbidden");
    let to_myself = json!({"from_user_id": user(&owner).await, "to_user_id": user(&admin).await, "ends_at": ends});
    let refused = admin.post("/api/v1/approval-delegations", &to_myself).await;
    assert_eq!(refused.problem(422, "invalid_body")["errors"][0]["code"], "self");
    let finance = stage.login("finance@northwind").await;
    let useless = json!({"to_user_id": user(&finance).await, "ends_at": ends});
    let refused = owner.post("/api/v1/approval-delegations", &useless).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/to_user_id"
    );
    let lent = owner.post("/api/v1/approval-delegations", &loan).await;
    lent.ok();
    let approved = act(&manager, &path, "approve", &json!({})).await.ok();
    let vote = &approved["approval"]["steps"][0]["approvers"][0];
    assert_eq!(
        json!([
            approved["status"],
            vote["voted_by"]["name"],
            vote["on_behalf_of"]["name"]
        ]),
        json!(["approved", "Northwind channel_manager", "Northwind owner"])
    );
    assert_eq!(
        votes(&owner, &path).await,
        [json!([
            "Northwind channel_manager",
            null,
            "Owner",
            true,
            "Northwind owner"
        ])]
    );
    owner.delete(&lent.header("location")).await.ok();
    let slow = stage.submit(&rep, "Zenith Foods", "zenith.example").await;
    act(&manager, &slow, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    act(&admin, &slow, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    stage.pass(1);
    let admin = stage.login("admin@northwind").await;
    stage.events(&admin, "deal.approval_escalated", 1).await;
    assert_eq!(
        admin.get(&slow).await.ok()["approval"]["up_next"],
        json!(["Northwind owner", "anybody who is admin"])
    );
    assert_eq!(
        act(&admin, &slow, "approve", &json!({})).await.ok()["status"],
        "approved"
    );
}

#[tokio::test]
async fn a_rule_for_certified_partners_approves_whoever_holds_all_that_it_names() {
    let stage = Stage::set().await;
    let when = json!({"certifications": ["gateway expert", "Pre-sales"]});
    stage
        .terms(json!({"rules": [{"name": "Certified", "when": when, "outcome": "auto_approve"}]}))
        .await;
    let (rep, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    let manager = stage.login("channel_manager@northwind").await;
    let submit = async |rep: &Caller, customer: &str, domain: &str| {
        let made = rep
            .post("/api/v1/deals", &deal_body(stage.northwind, customer, domain))
            .await;
        (made.ok()["status"].clone(), made.ok()["id"].clone())
    };
    certify(&manager, "Alder", json!(["Gateway Expert"])).await;
    certify(&manager, "Birch", json!(["Gateway Expert", "PRE-SALES", "Storage"])).await;
    let (status, deal) = submit(&rep, "Acme GmbH", "acme.example").await;
    assert_eq!(status, "submitted", "it lacks one of the two");
    assert_eq!(submit(&birch, "Zenith Foods", "zenith.example").await.0, "approved");
    let simulate = format!("{}/simulate", stage.policy());
    let tried = manager.post(&simulate, &json!({"deal_id": deal})).await.ok();
    assert_eq!(
        json!([tried["rule"], tried["trials"][0]["unmet"]]),
        json!([null, ["the partner lacks the certification Pre-sales"]])
    );
    certify(&manager, "Alder", json!(["Pre-Sales", "Gateway Expert"])).await;
    let tried = manager.post(&simulate, &json!({"deal_id": deal})).await.ok();
    assert_eq!(tried["rule"], "Certified");
    assert_eq!(submit(&rep, "Halden Shipyards", "halden.example").await.0, "approved");
    let many: Vec<String> = (0..51).map(|number| format!("C{number}")).collect();
    let rules = json!([{"name": "A", "outcome": "auto_approve", "when": {"certifications": many}},
        {"name": "B", "outcome": "auto_approve", "when": {"certifications": [""]}}]);
    let refused = manager
        .post(&simulate, &json!({"deal_id": deal, "rules": rules}))
        .await
        .problem(422, "invalid_body");
    assert_eq!(
        json!([refused["errors"][0]["pointer"], refused["errors"][1]["pointer"]]),
        json!(["/rules/0/when/certifications", "/rules/1/when/certifications/0"])
    );
}

/// The vendor notes what a partner is certified for.
async fn certify(manager: &Caller, partner: &str, certifications: Value) {
    let partnerships = manager.get("/api/v1/partnerships").await.ok();
    let found = partnerships["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["partner"]["name"] == partner)
        .unwrap();
    let path = format!(
        "/api/v1/partnerships/{}/lead-capabilities",
        found["id"].as_str().unwrap()
    );
    let etag = manager.etag(&path).await;
    put(
        manager,
        &path,
        &etag,
        &json!({"certifications": certifications, "weight": 1}),
    )
    .await
    .ok();
}

#[tokio::test]
async fn an_amendment_that_raises_the_amount_needs_who_is_asked_about_such_an_amount() {
    let stage = Stage::set().await;
    let (rep, manager, owner) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
        stage.login("owner@northwind").await,
    );
    let currency = deal_body(stage.northwind, "x", "x.example")["currency"].clone();
    stage
        .terms(json!({"rules": [
            {"name": "Small", "when": {"amount_at_most": [{"currency": currency, "amount": "50000.00"}]},
             "outcome": "auto_approve"},
            {"name": "Large", "outcome": "chain", "steps": [
                {"name": "First", "needs": "any", "approvers": [{"role": "channel_manager"}]},
                {"name": "Owner", "needs": "any", "approvers": [{"role": "owner"}]}]}]}))
        .await;
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let before = rep.get(&path).await.ok();
    assert_eq!(before["status"], "approved");
    let history = manager.get(&format!("{path}/history")).await.ok();
    let latest = &history["items"][0];
    assert_eq!(
        json!([latest["kind"], latest["by"], latest["organisation"], latest["reason"]]),
        json!(["approved", null, null, "Small"])
    );
    let proposed = async |amount: &str| {
        let lines = json!({"products": [{"name": "Edge gateway", "quantity": "1", "unit_amount": amount}]});
        let proposed = act(&rep, &path, "amendments", &lines).await;
        proposed.ok();
        proposed.header("location")
    };
    let raised = proposed("900000.00").await;
    act(&manager, &raised, "approve", &json!({}))
        .await
        .problem(403, "not_up_next");
    assert_eq!(rep.get(&path).await.ok()["amount"], before["amount"]);
    act(&owner, &raised, "approve", &json!({})).await.ok();
    assert_eq!(rep.get(&path).await.ok()["amount"], "900000.00");
    let lowered = proposed("800000.00").await;
    act(&manager, &lowered, "approve", &json!({})).await.ok();
    assert_eq!(rep.get(&path).await.ok()["amount"], "800000.00");
}

#[tokio::test]
async fn rules_ask_only_those_who_may_decide() {
    let stage = Stage::set().await;
    let (manager, finance) = (
        stage.login("channel_manager@northwind").await,
        stage.login("finance@northwind").await,
    );
    let policy = manager.get(&stage.policy()).await;
    let mut terms = policy.ok()["terms"].clone();
    terms["rules"] = json!([{"name": "All", "outcome": "chain", "steps": [
        {"name": "Money", "needs": "all", "approvers": [{"user_id": user(&finance).await}]}]}]);
    let refused = put(
        &manager,
        &stage.policy(),
        &policy.header("etag"),
        &json!({"terms": terms}),
    )
    .await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/terms/rules/0/steps/0/approvers/0/user_id"
    );
}
