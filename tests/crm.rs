//! CRMs both ways, against servers that follow the vendors' documented shapes and failures.

mod characters;
mod desk;
mod differences;
mod mirror;
mod page;
mod stub;

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::until;
use desk::{Desk, mapping};
use stub::Trouble;

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
    until("the deal is won", async || {
        (desk.owner.get(&path).await.ok()["status"] == "won").then_some(())
    })
    .await;
    desk.settled().await;
    let won = desk.events("deal.won").await;
    assert_eq!(json!([won.len(), won[0]["amount"]]), json!([1, "3700.00"]));
    assert_eq!(desk.outcomes().await, ["created", "applied"]);
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
async fn a_dry_run_shows_what_would_be_sent_and_sends_nothing() {
    let mut desk = Desk::salesforce(false, "newest").await;
    let (path, record) = desk.linked("Contoso").await;
    desk.settled().await;
    let writes = desk.crm.with(|state| state.writes.len());
    desk.crm.edit(&record, json!({"CloseDate": "2027-01-31"}));
    let id = desk.owner.get(&path).await.ok()["id"].clone();
    let at = format!("{}/dry-run", desk.at);
    let mut other = mapping("newest");
    other["fields"]
        .as_array_mut()
        .unwrap()
        .push(json!({"prm": "partner_name", "crm": "Description", "direction": "to_crm"}));
    other["constants"] = json!([]);
    let said = desk
        .owner
        .post(&at, &json!({"deal_id": id, "mapping": other}))
        .await
        .ok();
    let verdicts: Vec<_> = said["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| json!([one["crm"], one["verdict"], one["value"]]))
        .collect();
    assert!(verdicts.contains(&json!(["CloseDate", "take", "2027-01-31"])), "{said}");
    assert_eq!(json!([said["action"], said["body"]]), json!(["nothing", {}]), "{said}");
    other["fields"][4]["crm"] = "Nowhere__c".into();
    let refused = desk.owner.post(&at, &json!({"deal_id": id, "mapping": other})).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/mapping/fields/4/crm"
    );
    assert_eq!(desk.crm.with(|state| state.writes.len()), writes);
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

#[tokio::test]
async fn credentials_are_in_no_answer_event_letter_or_table() {
    let mut desk = Desk::salesforce(false, "newest").await;
    desk.linked("Contoso").await;
    let said = desk.owner.get(&desk.at).await;
    let text = String::from_utf8_lossy(&said.body).into_owned();
    let hidden = [
        "very-secret-of-salesforce",
        "secret-session",
        &desk::webhook_secret()[10..],
    ];
    for secret in hidden {
        assert!(!text.contains(secret), "{text}");
    }
    assert!(text.contains("…orce"), "{text}");
    for table in [
        "event",
        "audit_entry",
        "crm_connection",
        "crm_sync",
        "crm_work",
        "crm_link",
        "mail",
        "idempotency_key",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT t::text FROM \"{table}\" t")))
            .fetch_all(&mut desk.db)
            .await
            .unwrap();
        for (row, secret) in rows.iter().flat_map(|row| hidden.map(|secret| (row, secret))) {
            assert!(!row.contains(secret), "{table}: {row}");
        }
    }
}

#[tokio::test]
async fn another_vendors_connection_is_not_there_and_a_partner_has_none() {
    let desk = Desk::salesforce(false, "newest").await;
    let stranger = desk.server.login("owner@southgate.example").await;
    stranger.get(&desk.at).await.problem(404, "not_found");
    stranger
        .post(&format!("{}/probe", desk.at), &json!({}))
        .await
        .problem(404, "not_found");
    stranger.delete(&desk.at).await.problem(404, "not_found");
    assert_eq!(stranger.get("/api/v1/crm-connections").await.ok()["items"], json!([]));
    desk.rep.get(&desk.at).await.problem(403, "forbidden");
    let manager = desk.server.login("channel_manager@northwind.example").await;
    manager.get(&desk.at).await.ok();
    manager.delete(&desk.at).await.problem(403, "forbidden");
    assert_eq!(desk.owner.delete(&desk.at).await.status, 204);
    desk.owner.get(&desk.at).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_bad_connection_is_refused_with_every_fault() {
    let mut desk = Desk::bare(false).await;
    let refused = desk
        .connect(
            &json!({"kind": "webhook", "name": "", "base_url": "https://crm.example", "external_id_field": "a b",
            "poll_seconds": 1, "credentials": {"webhook_secret": "short"}}),
        )
        .await
        .problem(422, "invalid_body");
    let pointers: Vec<_> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(
        pointers,
        [
            "/name",
            "/external_id_field",
            "/poll_seconds",
            "/credentials/webhook_secret"
        ]
    );
    let strict = crate::support::TestServer::start().await;
    crate::support::Scene::set(&strict).await;
    let owner = strict.login("owner@northwind.example").await;
    for url in [
        "http://crm.example",
        "https://127.0.0.1",
        "https://169.254.169.254",
        "https://user:pass@crm.example",
        "ftp://x",
    ] {
        let body = json!({"kind": "hubspot", "name": "Hub", "base_url": url, "external_id_field": "key",
            "credentials": {"access_token": "pat"}});
        let problem = owner
            .post("/api/v1/crm-connections", &body)
            .await
            .problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/base_url", "{url}");
    }
}
