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
    assert_eq!(desk.outcomes().await, ["created", "applied", "stale", "echo"]);
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

#[tokio::test]
async fn a_good_value_after_a_refused_one_is_taken_and_ends_the_question() {
    let mut desk = Desk::webhook("newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let now = desk.server.clock.now();
    let told = |seconds: i64, fields: Value| json!({"records": [{"id": record, "modified_at": now + TimeDelta::seconds(seconds), "fields": fields}]});
    let open = async || {
        let page = desk.owner.get("/api/v1/crm-differences?open=true").await.ok();
        let items = page["items"].as_array().unwrap().clone();
        let shown = |one: &Value| json!([one["field"], one["crm_value"], one["why"]]);
        let mut shown: Vec<Value> = items.iter().map(shown).collect();
        shown.sort_by_key(Value::to_string);
        shown
    };
    let bad = told(1, json!({"Amount": "a lot", "StageName": "Closed Won"}));
    assert_eq!(desk.tell("bad", &bad).await.status, 204);
    assert_eq!(open().await.len(), 2);
    let worse = told(2, json!({"Amount": "even more"}));
    assert_eq!(desk.tell("worse", &worse).await.status, 204);
    let asked = open().await;
    assert_eq!(
        json!([asked[0][0], asked[0][1]]),
        json!(["amount", "even more"]),
        "{asked:?}"
    );
    assert!(asked[0][2].as_str().unwrap().contains("even more"), "{asked:?}");
    let good = told(3, json!({"Amount": "95000", "StageName": "Closed Won"}));
    assert_eq!(desk.tell("good", &good).await.status, 204);
    let deal = desk.owner.get(&path).await.ok();
    assert_eq!(json!([deal["amount"], deal["status"]]), json!(["95000.00", "won"]));
    assert_eq!(open().await, Vec::<Value>::new());
    assert_eq!(
        desk.outcomes().await,
        ["created", "difference", "difference", "difference", "applied"]
    );
    let resolved = desk.events("crm.difference_resolved").await;
    assert_eq!(json!([resolved.len(), resolved[0]["kept"]]), json!([2, "crm"]));
}

#[tokio::test]
async fn the_fields_rule_decides_what_follows_a_refused_value() {
    let mut desk = Desk::webhook("prm").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let now = desk.server.clock.now();
    let told = |seconds: i64, amount: &str| json!({"records": [{"id": record, "modified_at": now + TimeDelta::seconds(seconds), "fields": {"Amount": amount}}]});
    assert_eq!(desk.tell("bad", &told(1, "a lot")).await.status, 204);
    sqlx::query("UPDATE deal SET amount = 4401, version = version + 1")
        .execute(&mut desk.db)
        .await
        .unwrap();
    assert_eq!(desk.tell("good", &told(2, "95000")).await.status, 204);
    desk.settled().await;
    assert_eq!(desk.owner.get(&path).await.ok()["amount"], "4401.00");
    let post = desk.crm.with(|state| state.posts.last().unwrap().1.clone());
    let sent: Value = serde_json::from_slice(&post).unwrap();
    assert_eq!(
        json!([sent["type"], sent["fields"]]),
        json!(["record.updated", {"Amount": "4401"}])
    );
    let open = desk.owner.get("/api/v1/crm-differences?open=true").await.ok();
    assert_eq!(open["items"], json!([]));
}

#[tokio::test]
async fn two_changes_of_one_second_are_taken_as_they_come_and_older_ones_are_logged() {
    let mut desk = Desk::webhook("newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let told =
        |at: &str, amount: &str| json!({"records": [{"id": record, "modified_at": at, "fields": {"Amount": amount}}]});
    let (second, earlier) = ("2026-11-23T10:14:06Z", "2026-11-23T10:14:05Z");
    for (id, at, amount, now) in [
        ("one", second, "4100", "4100.00"),
        ("two", second, "4200", "4200.00"),
        ("three", second, "4200", "4200.00"),
        ("older", earlier, "4300", "4200.00"),
    ] {
        assert_eq!(desk.tell(id, &told(at, amount)).await.status, 204);
        assert_eq!(desk.owner.get(&path).await.ok()["amount"], now, "{id}");
    }
    assert_eq!(
        desk.outcomes().await,
        ["created", "applied", "applied", "echo", "stale"]
    );
}

#[tokio::test]
async fn of_two_changes_of_one_second_a_crm_that_can_be_asked_knows_the_last() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let at = desk.server.clock.now() + TimeDelta::seconds(5);
    let told = |amount: &str| json!({"records": [{"id": record, "modified_at": at, "fields": {"Amount": amount}}]});
    assert_eq!(desk.tell("one", &told("4100")).await.status, 204);
    desk.crm.edit(&record, json!({"Amount": 4300}));
    assert_eq!(desk.tell("two", &told("4200")).await.status, 204);
    desk.settled().await;
    assert_eq!(desk.owner.get(&path).await.ok()["amount"], "4300.00");
}

#[tokio::test]
async fn the_log_says_what_became_of_a_message_that_changes_nothing() {
    let mut desk = Desk::webhook("newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let now = desk.server.clock.now();
    for (id, message) in [
        (
            "stage",
            json!({"id": record, "modified_at": now, "fields": {"StageName": "Negotiation"}}),
        ),
        (
            "both",
            json!({"id": record, "modified_at": now, "fields": {"StageName": "Proposal", "Amount": "4100"}}),
        ),
        (
            "again",
            json!({"id": record, "modified_at": now, "fields": {"StageName": "Proposal", "Amount": "4200"}}),
        ),
        (
            "foreign",
            json!({"id": record, "modified_at": now, "fields": {"Colour": "red"}}),
        ),
        ("bare", json!({"id": record, "modified_at": now})),
        (
            "unknown",
            json!({"id": "row-404", "modified_at": now, "fields": {"Amount": "1"}}),
        ),
        ("unknown-bare", json!({"id": "row-405", "modified_at": now})),
    ] {
        let told = json!({"records": [message]});
        assert_eq!(desk.tell(id, &told).await.status, 204, "{id}");
    }
    assert_eq!(
        desk.outcomes().await,
        [
            "created", "unmapped", "unmapped", "applied", "applied", "unmapped", "unmapped", "ignored", "ignored"
        ]
    );
    let page = desk.owner.get(&format!("{}/sync?limit=100", desk.at)).await.ok();
    let entries: Vec<&Value> = page["items"].as_array().unwrap().iter().rev().collect();
    assert_eq!(
        entries[1]["fields"],
        json!([{"prm": "status", "crm": "StageName", "old": "approved", "new": "Negotiation", "winner": "prm",
            "why": "the CRM's value has no name here"}])
    );
    assert_eq!(
        json!([entries[7]["record_id"], entries[7]["deal_id"], entries[7]["error"]]),
        json!(["row-404", null, "no deal is linked with this record"])
    );
    assert_eq!(desk.owner.get(&path).await.ok()["status"], "approved");
}

#[tokio::test]
async fn an_amount_of_the_crm_stands_beside_the_lines_for_both_sides() {
    let mut desk = Desk::webhook("newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let lines = desk.rep.get(&path).await.ok()["products"].clone();
    let now = desk.server.clock.now();
    let told = json!({"records": [{"id": record, "modified_at": now, "fields": {"Amount": "95000"}}]});
    assert_eq!(desk.tell("m", &told).await.status, 204);
    let changed = desk.events("deal.changed").await;
    assert_eq!(changed.last().unwrap()["changed"], json!(["amount"]));
    for reader in [&desk.rep, &desk.owner] {
        let deal = reader.get(&path).await.ok();
        assert_eq!(json!([deal["amount"], deal["products"]]), json!(["95000.00", lines]));
        let history = reader.get(&format!("{path}/history")).await.ok();
        let step = &history["items"][0];
        assert_eq!(step["kind"], "changed", "{history}");
    }
    let etag = desk.rep.etag(&path).await;
    let amendment = json!({"expected_close": "2027-02-01"});
    let proposed = desk.rep.post_at(&format!("{path}/amendments"), &etag, &amendment).await;
    proposed.ok();
    let at = proposed.header("location");
    desk.owner
        .post_at(&format!("{at}/approve"), &proposed.header("etag"), &json!({}))
        .await
        .ok();
    assert_eq!(desk.rep.get(&path).await.ok()["amount"], "3601.50");
}
