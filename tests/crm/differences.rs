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
