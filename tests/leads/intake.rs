//! Leads come in once, however often and by however many they are sent.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, lead};
use crate::support::deal_body;

#[tokio::test]
async fn a_company_that_asks_twice_is_one_lead_with_two_touches() {
    let stage = Stage::set().await;
    let mut first = lead("Muller", "DE");
    first["company"]["name"] = "Müller & Söhne GmbH".into();
    let path = stage.manager.post("/api/v1/leads", &first).await.header("location");
    let mut again = lead("MULLER AND SOHNE", "DE");
    again["company"]["domain"] = Value::Null;
    again["contact"] = json!({"email": "other@gmail.com"});
    again["campaign"] = "autumn".into();
    let by_name = stage.manager.post("/api/v1/leads", &again).await;
    assert_eq!(
        (by_name.ok()["outcome"].as_str(), by_name.header("location")),
        (Some("touch"), path.clone())
    );
    let mut person = lead("Quite Another Ltd", "GB");
    person["company"]["domain"] = Value::Null;
    person["contact"]["email"] = "JO+x@muller.example".into();
    assert_eq!(
        stage.manager.post("/api/v1/leads", &person).await.header("location"),
        path
    );
    let seen = stage.manager.get(&path).await.ok();
    assert_eq!(seen["routing"]["touches"], 3);
    let touches = stage.manager.get(&format!("{path}/touches")).await.ok();
    let campaigns: Vec<&Value> = touches["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["lead"]["campaign"])
        .collect();
    assert_eq!(campaigns, ["spring", "autumn", "spring"]);
    let elsewhere = stage.manager.post("/api/v1/leads", &lead("Fabrikam", "FR")).await.ok();
    assert_eq!(elsewhere["outcome"], "created");
}

#[tokio::test]
async fn of_many_at_the_same_instant_one_is_the_lead() {
    let stage = Stage::set().await;
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let manager = stage.manager.clone();
        calls.spawn(async move { manager.post("/api/v1/leads", &lead("Acme", "DE")).await.ok()["outcome"].clone() });
    }
    let outcomes = calls.join_all().await;
    assert_eq!(
        outcomes.iter().filter(|outcome| **outcome == "created").count(),
        1,
        "{outcomes:?}"
    );
    let leads = stage.manager.get("/api/v1/leads").await.ok();
    assert_eq!(
        (
            leads["items"].as_array().unwrap().len(),
            &leads["items"][0]["routing"]["touches"]
        ),
        (1, &json!(8))
    );
}

#[tokio::test]
async fn a_lead_of_a_live_deal_goes_to_nobody() {
    let stage = Stage::set().await;
    stage.rules(super::everything("round_robin")).await;
    let deal = stage
        .alder
        .post(
            "/api/v1/deals",
            &deal_body(stage.scene.northwind, "Acme GmbH", "acme.example"),
        )
        .await
        .ok();
    let made = stage.manager.post("/api/v1/leads", &lead("Acme", "DE")).await.ok();
    assert_eq!(
        json!([
            made["outcome"],
            made["lead"]["stage"],
            made["lead"]["routing"]["existing_deal_id"]
        ]),
        json!(["existing_deal", "disqualified", deal["id"]])
    );
    let again = stage.manager.post("/api/v1/leads", &lead("Acme", "DE")).await.ok();
    assert_eq!(
        json!([again["outcome"], again["lead"]["id"]]),
        json!(["touch", made["lead"]["id"]])
    );
}

#[tokio::test]
async fn a_batch_answers_for_each_row() {
    let stage = Stage::set().await;
    let mut bad = lead("Bad", "DE");
    bad["company"]["country"] = "Germany".into();
    bad["amount"] = "-1".into();
    let mut free = lead("Someone", "DE");
    free["company"]["domain"] = Value::Null;
    free["contact"]["email"] = "someone@gmail.com".into();
    let batch = json!({"hold": true, "leads": [lead("Acme", "DE"), bad, lead("Acme", "DE"), free]});
    let result = stage.manager.post("/api/v1/leads/batch", &batch).await.ok();
    let outcomes: Vec<&Value> = result["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["outcome"])
        .collect();
    assert_eq!(json!(outcomes), json!(["created", null, "touch", "created"]));
    assert_eq!(json!([result["taken"], result["refused"]]), json!([3, 1]));
    assert_eq!(result["results"][0]["lead_id"], result["results"][2]["lead_id"]);
    let pointers: Vec<&Value> = result["results"][1]["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pointer"])
        .collect();
    assert_eq!(pointers, ["/company/country", "/amount"]);
    stage
        .manager
        .post("/api/v1/leads/batch", &json!({"leads": []}))
        .await
        .problem(422, "invalid_body");
}

#[tokio::test]
async fn the_score_says_what_it_is_made_of() {
    let stage = Stage::set().await;
    let etag = stage.manager.get("/api/v1/lead-settings").await.header("etag");
    let settings = json!({"scoring": {"sources": {"campaign": 7}, "sizes": [{"from": 100, "points": 5}], "countries": {"DE": 3}},
        "offer_minutes": 60, "contact_minutes": 60, "notice_minutes": 60, "notices": 1});
    super::put(&stage.manager, "/api/v1/lead-settings", &etag, &settings)
        .await
        .ok();
    super::put(&stage.manager, "/api/v1/lead-settings", &etag, &settings)
        .await
        .problem(412, "stale_version");
    let path = stage.lead("Acme", "DE").await;
    let routing = stage.manager.get(&path).await.ok()["routing"].clone();
    assert_eq!(routing["score"], 15);
    assert_eq!(
        routing["score_parts"],
        json!([{"because": "source campaign", "points": 7}, {"because": "size 100", "points": 5}, {"because": "country DE", "points": 3}])
    );
    let mut wrong = settings.clone();
    wrong["scoring"]["countries"] = json!({"Germany": 3});
    wrong["notices"] = json!(-1);
    super::put(&stage.manager, "/api/v1/lead-settings", "\"v1\"", &wrong)
        .await
        .problem(422, "invalid_body");
}
