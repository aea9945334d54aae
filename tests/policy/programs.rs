use serde_json::json;
use tokio::task::JoinSet;

use super::{Stage, put};
use crate::support::deal_body;

#[tokio::test]
async fn a_program_is_made_named_joined_and_archived() {
    let stage = Stage::set().await;
    let manager = stage.login("channel_manager@northwind").await;
    let made = manager.post("/api/v1/programs", &json!({"name": "Resellers"})).await;
    let (path, program) = (made.header("location"), made.ok()["id"].clone());
    let twice = manager.post("/api/v1/programs", &json!({"name": " Resellers "})).await;
    assert_eq!(twice.problem(422, "invalid_body")["errors"][0]["code"], "taken");
    let partnerships = manager.get("/api/v1/partnerships").await.ok();
    let alder = partnerships["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["partner"]["name"] == "Alder")
        .unwrap();
    let partnership = format!("/api/v1/partnerships/{}", alder["id"].as_str().unwrap());
    let foreign = stage.login("owner@southgate").await;
    let theirs = foreign.post("/api/v1/programs", &json!({"name": "Theirs"})).await.ok()["id"].clone();
    let etag = manager.etag(&partnership).await;
    manager
        .patch(&partnership, &etag, &json!({"program_id": theirs}))
        .await
        .problem(422, "invalid_body");
    let moved = manager
        .patch(&partnership, &etag, &json!({"program_id": program}))
        .await
        .ok();
    assert_eq!(moved["program_id"], program);
    foreign.get(&path).await.problem(404, "not_found");
    let (alder, birch) = (stage.login("sales@alder").await, stage.login("sales@birch").await);
    assert_eq!(alder.get(&path).await.ok()["name"], "Resellers");
    birch.get(&path).await.problem(404, "not_found");
    let etag = manager.etag(&path).await;
    manager
        .patch(&path, &etag, &json!({"archived": true}))
        .await
        .problem(409, "program_in_use");
    let default = guildhall_kernel::ProgramId::from(stage.northwind.uuid());
    let etag = manager.etag(&partnership).await;
    manager
        .patch(&partnership, &etag, &json!({"program_id": default}))
        .await
        .ok();
    let etag = manager.etag(&path).await;
    let archived = manager.patch(&path, &etag, &json!({"archived": true})).await.ok();
    assert!(archived["archived_at"].is_string());
    let etag = manager.etag(&partnership).await;
    manager
        .patch(&partnership, &etag, &json!({"program_id": program}))
        .await
        .problem(422, "invalid_body");
}

#[tokio::test]
async fn terms_have_defaults_versions_and_faults_by_place() {
    let stage = Stage::set().await;
    let (manager, rep) = (
        stage.login("channel_manager@northwind").await,
        stage.login("sales@alder").await,
    );
    let policy = manager.get(&stage.policy()).await;
    assert_eq!(
        (policy.header("etag").as_str(), &policy.ok()["version"]),
        ("\"v0\"", &json!(0))
    );
    let mut terms = policy.ok()["terms"].clone();
    terms["rules"] = json!([{"name": "Secret", "outcome": "auto_approve"}]);
    let set = put(&manager, &stage.policy(), "\"v0\"", &json!({"terms": terms})).await;
    assert_eq!(set.header("etag"), "\"v1\"");
    put(&manager, &stage.policy(), "\"v0\"", &json!({"terms": terms}))
        .await
        .problem(412, "stale_version");
    let seen = rep.get(&stage.policy()).await.ok();
    assert_eq!(seen["terms"]["rules"], json!([]), "the rules are the vendor's");
    put(&rep, &stage.policy(), "\"v1\"", &json!({"terms": terms}))
        .await
        .problem(403, "forbidden");
    let stranger = stage.login("owner@southgate").await;
    stranger.get(&stage.policy()).await.problem(404, "not_found");
    let outsider = stranger.get("/api/v1/members").await.ok()["items"][0]["user"]["id"].clone();
    terms["protection_days"]["gold"] = 0.into();
    terms["rules"] = json!([
        {"name": "A", "outcome": "chain", "steps": []},
        {"name": "a", "outcome": "auto_approve", "when": {"amount_at_most": [{"currency": "EUR", "amount": "-1"}]}},
        {"name": "C", "outcome": "chain", "steps": [{"name": "S", "needs": "any", "approvers": [{"role": "viewer"}],
            "escalate_hours": 3}]},
    ]);
    let faults = put(&manager, &stage.policy(), "\"v1\"", &json!({"terms": terms})).await;
    let faults = faults.problem(422, "invalid_body")["errors"].clone();
    let mut places: Vec<&str> = faults
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "/terms/protection_days/gold",
            "/terms/rules/0/steps",
            "/terms/rules/1/name",
            "/terms/rules/1/when/amount_at_most/0/amount",
            "/terms/rules/2/steps/0/approvers/0/role",
            "/terms/rules/2/steps/0/escalate_to",
        ]
    );
    terms["protection_days"]["gold"] = 30.into();
    terms["rules"] = json!([{"name": "A", "outcome": "chain", "steps": [
        {"name": "S", "needs": "any", "approvers": [{"user_id": outsider}]}]}]);
    let faults = put(&manager, &stage.policy(), "\"v1\"", &json!({"terms": terms})).await;
    let faults = faults.problem(422, "invalid_body")["errors"].clone();
    assert_eq!(faults[0]["pointer"], "/terms/rules/0/steps/0/approvers/0/user_id");
}

#[tokio::test]
async fn of_registrations_at_the_same_instant_no_more_pass_than_the_quota_allows() {
    let stage = Stage::set().await;
    stage
        .terms(json!({"open_registrations": {"registered": 2, "silver": null, "gold": null, "platinum": null}}))
        .await;
    let rep = stage.login("sales@alder").await;
    let mut calls = JoinSet::new();
    for number in 0..5 {
        let rep = rep.clone();
        let body = deal_body(
            stage.northwind,
            &format!("Quota {number} Works"),
            &format!("quota{number}.example"),
        );
        calls.spawn(async move { rep.post("/api/v1/deals", &body).await });
    }
    let answers = calls.join_all().await;
    let (taken, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert_eq!(taken.len(), 2, "{answers:?}");
    for answer in refused {
        let problem = answer.problem(409, "registration_quota_reached");
        assert_eq!((&problem["limit"], &problem["open"]), (&json!(2), &json!(2)));
    }
    let path = taken[0].header("location");
    super::act(&rep, &path, "withdraw", &json!({})).await.ok();
    stage.submit(&rep, "Another One", "another.example").await;
    for side in [rep, stage.login("viewer@northwind").await] {
        let standings = side.get("/api/v1/registration-standings").await.ok();
        let standing = &standings["items"][0];
        assert_eq!(
            json!([
                standing["partner"]["name"],
                standing["registered"],
                standing["open"],
                standing["open_limit"]
            ]),
            json!(["Alder", 3, 2, 2])
        );
    }
}
