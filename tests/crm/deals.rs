//! Deals that become records, and records that close deals.

use chrono::TimeDelta;
use serde_json::json;

use super::desk::{self, Desk};
use crate::support::until;

#[tokio::test]
async fn an_approved_deal_becomes_one_opportunity_that_follows_it() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    let deal = desk.owner.get(&path).await.ok();
    let (id, fields) = desk.crm.only().unwrap();
    assert_eq!(id, record);
    assert_eq!(
        json!([
            fields["Name"],
            fields["Amount"],
            fields["CloseDate"],
            fields["StageName"],
            fields["Description"],
            fields["guildhall_deal__c"]
        ]),
        json!([
            "Contoso",
            3601.5,
            deal["expected_close"],
            "Qualification",
            "From a partner",
            deal["id"]
        ])
    );
    let etag = desk.owner.etag(&path).await;
    desk.owner
        .post_at(
            &format!("{path}/close"),
            &etag,
            &json!({"outcome": "won", "amount": "4000.10"}),
        )
        .await
        .ok();
    let crm = desk.crm.clone();
    let fields = until("the opportunity is closed", async || {
        let (_, fields) = crm.only()?;
        (fields["StageName"] == "Closed Won").then_some(fields)
    })
    .await;
    assert_eq!(fields["Amount"], 4000.1);
    desk.settled().await;
    assert_eq!(desk.outcomes().await, ["created", "updated"]);
    let log = desk.owner.get(&format!("{}/sync", desk.at)).await.ok();
    let change = &log["items"][0]["fields"][0];
    assert_eq!(
        json!([change["prm"], change["old"], change["new"], change["winner"]]),
        json!(["amount", "3601.5", "4000.1", "prm"])
    );
}

#[tokio::test]
async fn a_sale_closed_in_the_crm_closes_the_deal_here_and_does_not_go_back() {
    let mut desk = Desk::salesforce(true, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let writes = desk.crm.with(|state| state.writes.len());
    desk.crm
        .edit(&record, json!({"StageName": "Closed Won", "Amount": 5000.25}));
    desk.server.clock.advance(TimeDelta::seconds(6));
    let (owner, at) = (desk.owner.clone(), path.clone());
    until("the deal is won", async || {
        let deal = owner.get(&at).await.ok();
        (deal["status"] == "won").then_some(())
    })
    .await;
    let won = desk.events("deal.won").await;
    assert_eq!(json!([won.len(), won[0]["amount"]]), json!([1, "5000.25"]));
    desk.settled().await;
    assert_eq!(desk.crm.with(|state| state.writes.len()), writes, "no echo is sent");
    let outcomes = desk.outcomes().await;
    assert_eq!(
        outcomes.iter().filter(|one| *one == "applied").count(),
        1,
        "{outcomes:?}"
    );
}

#[tokio::test]
async fn hubspot_gets_a_deal_and_its_notice_closes_it_here() {
    let mut desk = Desk::hubspot(false).await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let (_, fields) = desk.crm.only().unwrap();
    assert_eq!(
        json!([fields["dealname"], fields["amount"], fields["dealstage"]]),
        json!(["Contoso", "3601.5", "appointmentscheduled"])
    );
    desk.crm
        .edit(&record, json!({"dealstage": "closedwon", "amount": "3700"}));
    let notice = json!([{"objectId": record.parse::<i64>().unwrap(), "propertyName": "dealstage", "propertyValue": "closedwon",
        "changeSource": "CRM_UI", "eventId": 3816279340_i64, "subscriptionId": 25, "portalId": 33, "appId": 1160452,
        "occurredAt": desk.server.clock.now().timestamp_millis(), "subscriptionType": "deal.propertyChange", "attemptNumber": 0}]);
    let at = desk.server.clock.now().timestamp_millis();
    desk.hubspot_says(at, &notice, "another secret")
        .await
        .problem(401, "bad_signature");
    desk.hubspot_says(at - 301_000, &notice, desk::HUBSPOT_SECRET)
        .await
        .problem(401, "bad_signature");
    for _ in 0..2 {
        assert_eq!(desk.hubspot_says(at, &notice, desk::HUBSPOT_SECRET).await.status, 204);
    }
    desk.won_once(&path, "3700.00").await;
}

#[tokio::test]
async fn a_record_that_was_deleted_or_merged_is_disconnected_and_can_be_relinked() {
    let mut desk = Desk::hubspot(false).await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    desk.crm.edit(
        "9999",
        json!({"dealname": "Contoso, all of it", "dealstage": "appointmentscheduled", "amount": "3601.50"}),
    );
    desk.crm
        .with(|state| state.records.get_mut(&record).unwrap().merged_into = Some("9999".to_owned()));
    let at = desk.server.clock.now().timestamp_millis();
    let merge = json!([{"primaryObjectId": 9999, "mergedObjectIds": [record.parse::<i64>().unwrap()], "eventId": 1,
        "subscriptionType": "deal.merge", "occurredAt": at}]);
    assert_eq!(desk.hubspot_says(at, &merge, desk::HUBSPOT_SECRET).await.status, 204);
    let links = format!("{}/links", desk.at);
    let link = until("the link is off", async || {
        let link = desk.owner.get(&links).await.ok()["items"][0].clone();
        (link["status"] == "disconnected").then_some(link)
    })
    .await;
    assert_eq!(json!([link["reason"], link["merged_into"]]), json!(["merged", "9999"]));
    assert_eq!(desk.events("crm.record_disconnected").await.len(), 1);
    assert_eq!(desk.health().await["disconnected"], 1);
    let relink = format!("/api/v1/crm-links/{}/relink", link["id"].as_str().unwrap());
    let body = json!({"record_id": "9999"});
    desk.owner
        .post_at(&relink, "\"v1\"", &body)
        .await
        .problem(412, "stale_version");
    let etag = format!("\"v{}\"", link["version"]);
    assert_eq!(desk.owner.post_at(&relink, &etag, &body).await.ok()["status"], "linked");
    desk.settled().await;
    desk.crm
        .with(|state| state.records.get_mut("9999").unwrap().deleted = true);
    let gone = json!([{"objectId": 9999, "eventId": 2, "subscriptionType": "deal.deletion", "occurredAt": at}]);
    assert_eq!(desk.hubspot_says(at, &gone, desk::HUBSPOT_SECRET).await.status, 204);
    let link = until("the link is off again", async || {
        let link = desk.owner.get(&links).await.ok()["items"][0].clone();
        (link["status"] == "disconnected").then_some(link)
    })
    .await;
    assert_eq!(link["reason"], "deleted");
    let etag = format!("\"v{}\"", link["version"]);
    desk.owner.post_at(&relink, &etag, &json!({})).await.ok();
    let fresh = desk.record_of(&path).await;
    assert!(fresh != "9999" && fresh != record, "{fresh}");
}
