//! Fields of the CRM that change.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Desk, mapping};
use crate::support::until;

#[tokio::test]
async fn a_changed_field_list_stops_writes_before_they_fail_and_says_so() {
    let mut desk = Desk::salesforce(false, "newest").await;
    desk.crm
        .with(|state| state.stages = vec!["Open", "Closed Won", "Closed Lost"]);
    let path = desk.approved("Contoso").await;
    let second = desk.approved("Fabrikam").await;
    until("writes rest", async || {
        desk.health().await["paused_at"].is_string().then_some(())
    })
    .await;
    let health = desk.health().await;
    assert_eq!(
        json!([
            health["drift"][0]["code"],
            health["drift"][0]["field"],
            health["dead_letters"]
        ]),
        json!(["value_missing", "StageName", 0])
    );
    let found = desk.events("crm.drift_found").await;
    assert_eq!(found.len(), 1);
    let letters: i64 = sqlx::query_scalar("SELECT count(*) FROM mail WHERE template = 'crm_drift'")
        .fetch_one(&mut desk.db)
        .await
        .unwrap();
    assert_eq!(letters, 2, "the owner and the admin");
    let etag = desk.owner.etag(&desk.at).await;
    let refused = desk
        .owner
        .patch(&desk.at, &etag, &json!({"mapping": mapping("newest")}))
        .await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/mapping/fields/3/values"
    );
    let mut fixed = mapping("newest");
    fixed["fields"][3]["values"]["approved"] = "Open".into();
    desk.owner.patch(&desk.at, &etag, &json!({"mapping": fixed})).await.ok();
    desk.record_of(&path).await;
    desk.record_of(&second).await;
    assert_eq!(desk.events("crm.drift_cleared").await.len(), 1);
    assert_eq!(desk.health().await["paused_at"], Value::Null);
}

#[tokio::test]
async fn a_new_required_field_is_found_within_the_hour() {
    let mut desk = Desk::salesforce(true, "newest").await;
    desk.crm.with(|state| {
        let mut field = state.fields[0].clone();
        field["name"] = "Region__c".into();
        state.fields.push(field);
    });
    desk.server.clock.advance(TimeDelta::seconds(3601));
    until("it is found", async || {
        (!desk.events("crm.drift_found").await.is_empty()).then_some(())
    })
    .await;
    desk.owner = desk.server.login("owner@northwind.example").await;
    let health = desk.health().await;
    assert_eq!(
        json!([health["drift"][0]["code"], health["drift"][0]["field"]]),
        json!(["field_required", "Region__c"])
    );
}
