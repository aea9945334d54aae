//! Where a deal and its record disagree.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::Desk;
use crate::support::until;

/// A connection's message changes the link and then the open question. A decision has to lock them in the same order: held
/// the other way round, the two wait for each other, and the database breaks one off.
#[tokio::test]
async fn a_decision_and_a_message_do_not_wait_for_each_other() {
    let mut desk = Desk::salesforce(false, "ask").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    sqlx::query("UPDATE deal SET amount = 4401, version = version + 1")
        .execute(&mut desk.db)
        .await
        .unwrap();
    let now = desk.server.clock.now() + TimeDelta::seconds(60);
    let told = json!({"records": [{"id": record, "modified_at": now, "fields": {"Amount": "4300"}}]});
    assert_eq!(desk.tell("ask", &told).await.status, 204);
    let open = desk
        .owner
        .get("/api/v1/crm-differences?open=true&source=ask")
        .await
        .ok();
    let asked = |one: &&Value| one["field"] == "amount";
    let question = open["items"].as_array().unwrap().iter().find(asked).unwrap().clone();
    let resolve = format!("/api/v1/crm-differences/{}/resolve", question["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", question["version"]);

    let mut message = desk.server.database.connect().await;
    for statement in ["BEGIN", "SELECT id FROM crm_link FOR NO KEY UPDATE"] {
        sqlx::query(statement).execute(&mut message).await.unwrap();
    }
    let owner = desk.owner.clone();
    let decision = tokio::spawn(async move { owner.post_at(&resolve, &etag, &json!({"keep": "crm"})).await });
    let waits =
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                                AND query LIKE '%crm_link%')";
    until("the decision waits for the link", async || {
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&mut desk.db).await.unwrap();
        waits.then_some(())
    })
    .await;
    for statement in ["UPDATE crm_difference SET why = why", "COMMIT"] {
        sqlx::query(statement).execute(&mut message).await.unwrap();
    }
    assert_eq!(decision.await.unwrap().ok()["kept"], "crm");
    assert_eq!(desk.owner.get(&path).await.ok()["amount"], "4300.00");
}

#[tokio::test]
async fn what_both_sides_have_changed_is_asked_and_decided_once() {
    let mut desk = Desk::salesforce(false, "ask").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let link = desk.owner.get(&format!("{}/links", desk.at)).await.ok()["items"][0]["id"].clone();
    let mut amounts = Vec::new();
    for (round, keep, kept) in [(1, "crm", "4300.00"), (2, "prm", "4402.00")] {
        // Both have moved since they last agreed: the deal by a colleague, the record by a salesperson.
        sqlx::query("UPDATE deal SET amount = $1::numeric, version = version + 1")
            .bind(format!("44{:02}", round))
            .execute(&mut desk.db)
            .await
            .unwrap();
        let now = desk.server.clock.now() + TimeDelta::seconds(60 * round);
        let theirs = if round == 1 { 4300 } else { 4400 };
        desk.crm.edit(&record, json!({"Amount": theirs}));
        let told = json!({"records": [{"id": record, "modified_at": now, "fields": {"Amount": theirs.to_string()}}]});
        assert_eq!(desk.tell(&format!("ask-{round}"), &told).await.status, 204);
        let open = desk
            .owner
            .get("/api/v1/crm-differences?open=true&source=ask")
            .await
            .ok()["items"]
            .clone();
        let question = open
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["field"] == "amount")
            .unwrap()
            .clone();
        assert_eq!(question["link_id"], link);
        let resolve = format!("/api/v1/crm-differences/{}/resolve", question["id"].as_str().unwrap());
        let etag = format!("\"v{}\"", question["version"]);
        let resolved = desk.owner.post_at(&resolve, &etag, &json!({"keep": keep})).await.ok();
        assert_eq!(resolved["kept"], keep);
        let again = format!("\"v{}\"", resolved["version"]);
        desk.owner
            .post_at(&resolve, &again, &json!({"keep": "prm"}))
            .await
            .problem(409, "already_resolved");
        desk.settled().await;
        amounts.push(desk.owner.get(&path).await.ok()["amount"].clone());
        assert_eq!(amounts.last().unwrap(), kept, "{:?}", desk.outcomes().await);
    }
    assert_eq!(desk.crm.only().unwrap().1["Amount"], 4402);
    assert_eq!(desk.events("crm.difference_resolved").await.len(), 2);
}

#[tokio::test]
async fn a_sale_that_the_deal_refuses_becomes_a_question() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    let etag = desk.owner.etag(&path).await;
    let lost = json!({"outcome": "lost", "reason": "price"});
    desk.owner.post_at(&format!("{path}/close"), &etag, &lost).await.ok();
    desk.settled().await;
    let now = desk.server.clock.now() + TimeDelta::seconds(60);
    let told = json!({"records": [{"id": record, "modified_at": now, "fields": {"StageName": "Closed Won"}}]});
    assert_eq!(desk.tell("won", &told).await.status, 204);
    let open = desk.owner.get("/api/v1/crm-differences?open=true").await.ok();
    assert_eq!(
        json!([
            open["items"][0]["field"],
            open["items"][0]["prm_value"],
            open["items"][0]["crm_value"],
            open["items"][0]["why"]
        ]),
        json!(["status", "lost", "Closed Won", "The deal is lost."])
    );
    assert_eq!(desk.owner.get(&path).await.ok()["status"], "lost");
    assert!(desk.events("deal.won").await.is_empty());
}

#[tokio::test]
async fn a_reconciliation_names_every_difference_and_changes_nothing() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    let (_, other) = desk.linked("Fabrikam").await;
    desk.settled().await;
    desk.crm.edit(&record, json!({"Amount": 1, "Name": "Kontoso"}));
    desk.crm
        .with(|state| state.records.get_mut(&other).unwrap().deleted = true);
    desk.owner
        .post(&format!("{}/reconcile", desk.at), &json!({}))
        .await
        .ok();
    until("it is done", async || {
        (!desk.events("crm.reconciled").await.is_empty()).then_some(())
    })
    .await;
    let found = desk
        .owner
        .get("/api/v1/crm-differences?source=reconciliation")
        .await
        .ok();
    let mut named: Vec<_> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["field"], one["crm_value"]]))
        .collect();
    named.sort_by_key(Value::to_string);
    assert_eq!(
        named,
        [
            json!(["amount", "1"]),
            json!(["customer_name", "Kontoso"]),
            json!(["record", other])
        ]
    );
    let done = &desk.events("crm.reconciled").await[0];
    assert_eq!(json!([done["compared"], done["differences"]]), json!([2, 3]));
    assert_eq!(desk.owner.get(&path).await.ok()["amount"], "3601.50");
}
