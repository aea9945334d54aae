//! What a CRM says that no database and no comparison takes as it is.

use chrono::TimeDelta;
use serde_json::json;

use super::desk::{self, Desk};
use super::stub::Trouble;
use crate::support::until;

#[tokio::test]
async fn control_characters_of_polled_values_stop_nothing() {
    let mut desk = Desk::salesforce(true, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    let (other, second) = desk.linked("Fabrikam").await;
    desk.settled().await;
    desk.crm.edit(
        &record,
        json!({"StageName": "Closed\u{0} Won\u{7}", "Amount": 5000.25, "Name": "Con\u{0}toso", "Description": "\u{1b}[0m"}),
    );
    desk.crm.edit(&second, json!({"StageName": "Closed Lost"}));
    desk.server.clock.advance(TimeDelta::seconds(6));
    for (path, status) in [(path, "won"), (other, "lost")] {
        until("the deal is closed", async || {
            (desk.owner.get(&path).await.ok()["status"] == status).then_some(())
        })
        .await;
    }
    desk.settled().await;
    let health = desk.health().await;
    assert_eq!(
        json!([health["dead_letters"], health["backlog"]]),
        json!([0, 0]),
        "{health}"
    );
    let won = desk.events("deal.won").await;
    assert_eq!(json!([won.len(), won[0]["amount"]]), json!([1, "5000.25"]));
}

#[tokio::test]
async fn nor_do_those_of_a_record_that_is_looked_at() {
    let mut desk = Desk::hubspot(false).await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    desk.crm.edit(
        &record,
        json!({"dealstage": "closed\u{0}won\u{85}", "amount": "\u{0}3700"}),
    );
    let at = desk.server.clock.now().timestamp_millis();
    let notice = json!([{"objectId": record.parse::<i64>().unwrap(), "eventId": 1, "occurredAt": at,
        "subscriptionType": "deal.propertyChange"}]);
    assert_eq!(desk.hubspot_says(at, &notice, desk::HUBSPOT_SECRET).await.status, 204);
    desk.won_once(&path, "3700.00").await;
}

#[tokio::test]
async fn a_reason_with_control_characters_is_kept_without_them() {
    let desk = Desk::salesforce(false, "newest").await;
    let refused = json!([{"message": "Deals under 10k\u{0} need\u{7} a sponsor", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": []}]);
    desk.crm.with(|state| {
        state.fields.push(
            json!({"name": "Odd__c", "label": "O\u{0}dd", "type": "string", "nillable": true,
            "createable": true, "updateable": true, "picklistValues": [{"value": "\u{0}", "active": true}]}),
        );
        state.trouble.push_back(Trouble::Answer(400, None, refused));
    });
    let probed = desk.owner.post(&format!("{}/probe", desk.at), &json!({})).await.ok();
    assert_eq!(probed["ok"], true, "{probed}");
    let fields = desk.owner.get(&format!("{}/fields", desk.at)).await.ok();
    let odd = fields["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "Odd__c");
    assert_eq!(odd.unwrap()["label"], "Odd");
    desk.approved("Contoso").await;
    let letters = format!("{}/dead-letters", desk.at);
    let dead = until("a dead letter", async || {
        desk.owner.get(&letters).await.ok()["items"].get(0).cloned()
    })
    .await;
    let error = dead["error"].as_str().unwrap();
    assert!(error.contains("Deals under 10k need a sponsor"), "{error}");
}
