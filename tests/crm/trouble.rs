//! CRMs that refuse, are busy, or lose an answer.

use chrono::TimeDelta;
use serde_json::json;

use super::desk::Desk;
use super::stub::Trouble;
use crate::support::until;

#[tokio::test]
async fn an_expired_session_is_renewed_once_for_all() {
    let mut desk = Desk::salesforce(false, "newest").await;
    assert_eq!(desk.crm.with(|state| state.grants), 1);
    desk.crm.with(|state| state.token = Some("another".to_owned()));
    let paths = [
        desk.approved("Contoso").await,
        desk.approved("Fabrikam").await,
        desk.approved("Tailspin").await,
    ];
    for path in &paths {
        desk.record_of(path).await;
    }
    desk.settled().await;
    assert_eq!(desk.crm.with(|state| (state.records.len(), state.grants)), (3, 2));
    assert_eq!(desk.health().await["auth_state"], "ok");
}

#[tokio::test]
async fn refused_credentials_are_shown_and_new_ones_carry_on() {
    let mut desk = Desk::salesforce(false, "newest").await;
    desk.crm.with(|state| state.refuses = true);
    let path = desk.approved("Contoso").await;
    until("the health says so", async || {
        (desk.health().await["auth_state"] == "refused").then_some(())
    })
    .await;
    let health = desk.health().await;
    assert!(
        health["auth_error"].as_str().unwrap().contains("invalid_client"),
        "{health}"
    );
    assert_eq!(json!([health["backlog"], health["dead_letters"]]), json!([1, 0]));
    desk.crm.with(|state| state.refuses = false);
    let etag = desk.owner.etag(&desk.at).await;
    let credentials =
        json!({"credentials": {"client_id": "3MVG9-consumer-key", "client_secret": "another-secret-of-salesforce"}});
    desk.owner.patch(&desk.at, &etag, &credentials).await.ok();
    desk.record_of(&path).await;
    assert_eq!(desk.health().await["auth_state"], "ok");
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_makes_one_record() {
    for mut desk in [Desk::salesforce(false, "newest").await, Desk::hubspot(false).await] {
        desk.crm.with(|state| state.trouble.push_back(Trouble::Lost));
        let path = desk.approved("Contoso").await;
        desk.record_of(&path).await;
        desk.settled().await;
        let (_, fields) = desk.crm.only().unwrap();
        assert_eq!(fields["guildhall_deal__c"], desk.owner.get(&path).await.ok()["id"]);
        let outcomes = desk.outcomes().await;
        assert_eq!(outcomes, ["retried", "created"]);
    }
}

#[tokio::test]
async fn a_busy_or_broken_crm_is_tried_again() {
    let mut desk = Desk::salesforce(true, "newest").await;
    let limit = json!([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]);
    let broken = json!([{"message": "An unexpected error occurred", "errorCode": "UNKNOWN_EXCEPTION"}]);
    desk.crm.with(|state| {
        state.trouble.push_back(Trouble::Answer(429, Some("7"), json!([])));
        state.trouble.push_back(Trouble::Answer(403, None, limit));
        state.trouble.push_back(Trouble::Answer(500, None, broken));
    });
    let path = desk.approved("Contoso").await;
    let blocked = until("the connection rests", async || {
        let until = desk.health().await["blocked_until"].clone();
        until
            .as_str()
            .map(|text| text.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    })
    .await;
    assert_eq!(blocked - desk.server.clock.now(), TimeDelta::seconds(7));
    for tries in 1..=3 {
        until("it was tried", async || {
            (desk.outcomes().await.len() == tries).then_some(())
        })
        .await;
        desk.server.clock.advance(TimeDelta::seconds(31));
    }
    desk.record_of(&path).await;
    assert_eq!(desk.outcomes().await, ["retried", "retried", "retried", "created"]);
    assert!(
        desk.health().await["last_error"]
            .as_str()
            .unwrap()
            .contains("UNKNOWN_EXCEPTION")
    );
}

#[tokio::test]
async fn a_refused_record_is_a_dead_letter_until_it_is_replayed() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let refused = json!([{"message": "Deals under 10k need a sponsor", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}]);
    desk.crm
        .with(|state| state.trouble.push_back(Trouble::Answer(400, None, refused)));
    let path = desk.approved("Contoso").await;
    let letters = format!("{}/dead-letters", desk.at);
    let dead = until("a dead letter", async || {
        desk.owner.get(&letters).await.ok()["items"].get(0).cloned()
    })
    .await;
    assert!(dead["error"].as_str().unwrap().contains("need a sponsor"), "{dead}");
    assert_eq!(dead["subject"], desk.owner.get(&path).await.ok()["id"]);
    assert_eq!(desk.events("crm.dead_letter").await.len(), 1);
    let replayed = desk.owner.post(&format!("{}/replay", desk.at), &json!({})).await.ok();
    assert_eq!(replayed["count"], 1);
    desk.record_of(&path).await;
    assert_eq!(desk.owner.get(&letters).await.ok()["items"], json!([]));
}

#[tokio::test]
async fn hubspot_asks_for_a_rest_and_gets_it() {
    let desk = Desk::hubspot(true).await;
    let limit = json!({"status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT",
        "category": "RATE_LIMITS", "policyName": "TEN_SECONDLY_ROLLING", "correlationId": "c"});
    desk.crm
        .with(|state| state.trouble.push_back(Trouble::Answer(429, Some("10"), limit)));
    desk.approved("Contoso").await;
    let blocked = until("the connection rests", async || {
        desk.health().await["blocked_until"]
            .as_str()
            .map(|at| at.parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    })
    .await;
    assert_eq!(blocked - desk.server.clock.now(), TimeDelta::seconds(10));
    assert!(
        desk.health().await["last_error"]
            .as_str()
            .unwrap()
            .contains("TEN_SECONDLY_ROLLING")
    );
    desk.server.clock.advance(TimeDelta::seconds(10));
    let crm = desk.crm.clone();
    until("it is there", async || crm.only()).await;
}
