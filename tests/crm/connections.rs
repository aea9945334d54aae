//! Connections: what is refused, what is tried first, and who sees them.

use serde_json::{Value, json};

use super::desk::{self, Desk, mapping};
use super::stub::KEY_FIELD;

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

/// What a dry run says of a deal.
async fn tried(desk: &Desk, path: &str) -> Value {
    let at = format!("{}/dry-run", desk.at);
    let id = desk.owner.get(path).await.ok()["id"].clone();
    desk.owner.post(&at, &json!({"deal_id": id})).await.ok()
}

#[tokio::test]
async fn a_dry_run_for_a_system_of_ones_own_shows_the_body_that_it_gets() {
    let mut desk = Desk::webhook("newest").await;
    let path = desk.submitted("Contoso").await;
    let create = tried(&desk, &path).await;
    let etag = desk.owner.etag(&path).await;
    desk.owner
        .post_at(&format!("{path}/approve"), &etag, &json!({}))
        .await
        .ok();
    let record = desk.record_of(&path).await;
    let post = desk.crm.with(|state| state.posts.last().unwrap().1.clone());
    let mut made: Value = serde_json::from_slice(&post).unwrap();
    let stage = made["fields"].as_object_mut().unwrap().remove("StageName");
    assert_eq!(stage, Some(json!("Qualification")), "it was tried before the approval");
    assert_eq!(create["body"], made, "{create}");
    desk.settled().await;
    sqlx::query("UPDATE deal SET amount = 4401, version = version + 1")
        .execute(&mut desk.db)
        .await
        .unwrap();
    let update = tried(&desk, &path).await;
    let key = path.rsplit('/').next().unwrap();
    assert_eq!(
        json!([update["action"], update["method"], update["path"], update["body"]]),
        json!(["update", "POST", "/hook",
            {"type": "record.updated", "id": record, "key": key, "fields": {"Amount": "4401"}}])
    );
}

#[tokio::test]
async fn a_dry_run_shows_numbers_to_salesforce_and_properties_to_hubspot() {
    let desk = Desk::salesforce(false, "newest").await;
    let path = desk.submitted("Contoso").await;
    let said = tried(&desk, &path).await;
    assert_eq!(
        json!([said["action"], said["body"]["Amount"]]),
        json!(["create", 3601.5]),
        "{said}"
    );
    let desk = Desk::hubspot(false).await;
    let path = desk.submitted("Contoso").await;
    let said = tried(&desk, &path).await;
    let properties = &said["body"]["properties"];
    let key = path.rsplit('/').next().unwrap();
    assert_eq!(
        json!([properties["amount"], properties["dealname"], properties[KEY_FIELD]]),
        json!(["3601.5", "Contoso", key]),
        "{said}"
    );
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
