//! Signed messages, in and out.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{self, Desk};
use super::stub::Trouble;

#[tokio::test]
async fn a_signed_message_is_taken_once_and_in_its_order() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let now = desk.server.clock.now();
    let told = |seconds: i64, amount: &str| json!({"records": [{"id": record, "modified_at": now + TimeDelta::seconds(seconds), "fields": {"Amount": amount}}]});
    let amount = async |desk: &Desk| desk.owner.get(&path).await.ok()["amount"].clone();
    assert_eq!(desk.tell("m1", &told(20, "4200.00")).await.status, 204);
    assert_eq!(amount(&desk).await, "4200.00");
    let version = desk.owner.etag(&path).await;
    assert_eq!(desk.tell("m0", &told(10, "4100")).await.status, 204);
    assert_eq!(desk.tell("m1", &told(20, "4200.00")).await.status, 204);
    assert_eq!(desk.tell("m2", &told(20, "4200")).await.status, 204);
    assert_eq!(desk.owner.etag(&path).await, version, "older, again, and the same");
    desk.settled().await;
    assert_eq!(desk.outcomes().await, ["created", "applied", "stale"]);
    let changed = desk.events("deal.changed").await;
    assert_eq!(changed.last().unwrap()["changed"], json!(["amount"]));

    let wrong = standardwebhooks::Webhook::new("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let good = standardwebhooks::Webhook::new(&desk::webhook_secret()).unwrap();
    let (at, body) = (now.timestamp(), told(30, "1").to_string());
    let forged = wrong.sign("m3", at, body.as_bytes()).unwrap();
    desk.post_signed("m3", at, &forged, body.clone())
        .await
        .problem(401, "bad_signature");
    let late = good.sign("m3", at - 400, body.as_bytes()).unwrap();
    desk.post_signed("m3", at - 400, &late, body.clone())
        .await
        .problem(401, "bad_signature");
    let other = good.sign("m3", at, b"{}").unwrap();
    desk.post_signed("m3", at, &other, body)
        .await
        .problem(401, "bad_signature");
    let big = vec![b' '; 300 * 1024];
    desk.post_signed("m3", at, "v1,x", big)
        .await
        .problem(413, "body_too_large");
    assert_eq!(amount(&desk).await, "4200.00");
}

#[tokio::test]
async fn any_system_takes_and_sends_signed_webhooks() {
    let mut desk = Desk::webhook("newest").await;
    desk.crm.with(|state| state.trouble.push_back(Trouble::Lost));
    let (path, record) = desk.linked("Contoso").await;
    assert_eq!(record, "row-1");
    desk.settled().await;
    let posts = desk.crm.with(|state| std::mem::take(&mut state.posts));
    let (lost, taken) = (&posts[posts.len() - 2], &posts[posts.len() - 1]);
    assert_eq!(
        lost.0["webhook-id"], taken.0["webhook-id"],
        "the receiver knows the second for the first"
    );
    let pair = |(name, value): (&String, &String)| {
        (
            name.parse::<axum::http::HeaderName>().unwrap(),
            value.parse::<axum::http::HeaderValue>().unwrap(),
        )
    };
    let headers: axum::http::HeaderMap = taken.0.iter().map(pair).collect();
    let hook = standardwebhooks::Webhook::new(&desk::webhook_secret()).unwrap();
    hook.verify(&taken.1, &headers).unwrap();
    let sent: Value = serde_json::from_slice(&taken.1).unwrap();
    assert_eq!(
        json!([sent["type"], sent["fields"]["Amount"], sent["fields"]["StageName"]]),
        json!(["record.created", "3601.5", "Qualification"])
    );
    let now = desk.server.clock.now();
    let told = json!({"records": [{"id": "row-1", "modified_at": now, "fields": {"StageName": "Closed Lost"}}]});
    assert_eq!(desk.tell("m", &told).await.status, 204);
    assert_eq!(desk.owner.get(&path).await.ok()["status"], "lost");
}

#[tokio::test]
async fn what_no_deal_can_hold_stops_nothing_else() {
    let mut desk = Desk::webhook("newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let now = || desk.server.clock.now();
    let told = |at, fields: Value| json!({"records": [{"id": record, "modified_at": at, "fields": fields}]});
    let huge = told(
        now(),
        json!({"Amount": "100000000000000000000", "CloseDate": "-9999-01-01"}),
    );
    assert_eq!(desk.tell("huge", &huge).await.status, 204);
    let open = desk.owner.get("/api/v1/crm-differences?open=true").await.ok();
    let mut fields: Vec<_> = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].clone())
        .collect();
    fields.sort_by_key(Value::to_string);
    assert_eq!(fields, [json!("amount"), json!("expected_close")], "{open}");
    for (id, at, fields) in [
        ("nul", now(), json!({"StageName": "a\u{0}b"})),
        (
            "late",
            now() + TimeDelta::days(400),
            json!({"StageName": "Closed Lost"}),
        ),
        (
            "early",
            now() - TimeDelta::days(3_000_000),
            json!({"StageName": "Closed Lost"}),
        ),
    ] {
        desk.tell(id, &told(at, fields)).await.problem(422, "invalid_body");
    }
    assert_eq!(desk.owner.get(&path).await.ok()["status"], "approved");
    let won = told(now(), json!({"StageName": "Closed Won"}));
    assert_eq!(desk.tell("won", &won).await.status, 204);
    assert_eq!(desk.owner.get(&path).await.ok()["status"], "won");
}
