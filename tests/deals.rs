//! Deal registration as its two sides live it.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Caller, Scene, TestServer, deal_body, until};

async fn submit(rep: &Caller, body: &Value) -> (String, String) {
    let made = rep.post("/api/v1/deals", body).await;
    made.ok();
    (made.header("location"), made.header("etag"))
}

async fn act(caller: &Caller, path: &str, act: &str, body: &Value) -> Answer {
    let etag = caller.get(path).await.header("etag");
    caller.post_at(&format!("{path}/{act}"), &etag, body).await
}

#[tokio::test]
async fn a_deal_goes_from_question_to_answer_to_approval() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let manager = server.login("channel_manager@northwind.example").await;
    let since = manager.get("/api/v1/events").await.ok()["position"].clone();
    let mut body = deal_body(scene.northwind, "Acme GmbH", "acme.example");
    body["customer"]["domain"] = "https://www.acme.example/shop".into();
    let (path, _) = submit(&rep, &body).await;
    let seen = manager.get(&path).await.ok();
    assert_eq!(
        json!([seen["status"], seen["amount"], seen["customer"]["domain"]]),
        json!(["submitted", "3601.50", "acme.example"])
    );
    let asked = act(&manager, &path, "request-info", &json!({"question": "Who signs?"}))
        .await
        .ok();
    assert_eq!(asked["status"], "info_requested");
    let illegal = act(&manager, &path, "approve", &json!({})).await;
    assert_eq!(
        illegal.problem(409, "illegal_move")["legal"],
        json!(["reject"]),
        "what the vendor may do"
    );
    let etag = rep.get(&path).await.header("etag");
    let answered = rep.patch(&path, &etag, &json!({"note": "Jo Doe signs."})).await.ok();
    assert_eq!(answered["status"], "submitted");
    let approved = act(&manager, &path, "approve", &json!({"note": "Go."})).await.ok();
    assert_eq!(approved["status"], "approved");
    assert_eq!(rep.get(&path).await.ok()["decision"]["note"], "Go.");
    let events = format!("/api/v1/events?topics=deals&since={}", since.as_str().unwrap());
    let said = until("all that was said is in the events", async || {
        let items = rep.get(&events).await.ok()["items"].as_array().unwrap().clone();
        (items.len() == 4).then_some(items)
    })
    .await;
    let said: Vec<Value> = said
        .iter()
        .map(|event| json!([event["kind"], event["data"]["note"], event["data"]["changed"]]))
        .collect();
    assert_eq!(
        json!(said),
        json!([
            ["deal.submitted", null, null],
            ["deal.info_requested", "Who signs?", null],
            ["deal.resubmitted", null, ["note"]],
            ["deal.approved", "Go.", null]
        ])
    );
}

#[tokio::test]
async fn of_two_rivals_approved_at_the_same_instant_one_holds_the_customer() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let (alder, birch) = (
        server.login("sales@alder.example").await,
        server.login("sales@birch.example").await,
    );
    for round in 0..6 {
        let body = deal_body(
            scene.northwind,
            &format!("Rival {round}"),
            &format!("rival{round}.example"),
        );
        let (one, other) = tokio::join!(submit(&alder, &body), submit(&birch, &body));
        let mut calls = JoinSet::new();
        for (path, etag) in [one, other] {
            let manager = manager.clone();
            calls.spawn(async move { manager.post_at(&format!("{path}/approve"), &etag, &json!({})).await });
        }
        let answers = calls.join_all().await;
        let approved = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(approved, 1, "{answers:?}");
        answers
            .iter()
            .find(|answer| !answer.status.is_success())
            .unwrap()
            .problem(409, "customer_protected");
    }
}

#[tokio::test]
async fn the_vendor_sees_who_the_rival_is_and_the_partner_only_that_there_is_one() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let (alder, birch) = (
        server.login("sales@alder.example").await,
        server.login("sales@birch.example").await,
    );
    let (first, _) = submit(
        &alder,
        &deal_body(scene.northwind, "Müller & Söhne GmbH", "mueller.example"),
    )
    .await;
    let second = birch
        .post(
            "/api/v1/deals",
            &deal_body(scene.northwind, "MULLER UND SOHNE", "mueller.example"),
        )
        .await;
    let path = second.header("location");
    assert_eq!(second.ok()["conflict_level"], "certain");
    let first_id = first.rsplit('/').next().unwrap().to_owned();
    let conflicts = manager.get(&format!("{path}/conflicts")).await.ok();
    assert!(conflicts.to_string().contains(&first_id), "{conflicts}");
    birch.get(&format!("{path}/conflicts")).await.problem(403, "forbidden");
    birch.get(&first).await.problem(404, "not_found");
    for mine in [
        birch.get(&path).await,
        birch.get("/api/v1/deals").await,
        birch.get("/api/v1/events?since=0-0").await,
    ] {
        let text = String::from_utf8(mine.body.to_vec()).unwrap();
        assert!(!text.contains(&first_id) && !text.contains("Alder") && !text.contains(&scene.alder.to_string()));
    }
}

#[tokio::test]
async fn the_vendor_says_that_a_deal_is_won_and_either_side_that_it_is_lost() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let manager = server.login("channel_manager@northwind.example").await;
    let since = rep.get("/api/v1/events").await.ok()["position"].clone();
    let (path, etag) = submit(&rep, &deal_body(scene.northwind, "Acme GmbH", "acme.example")).await;
    let early = manager
        .post_at(&format!("{path}/close"), &etag, &json!({"outcome": "won"}))
        .await;
    assert!(
        !early.problem(409, "illegal_move")["legal"]
            .as_array()
            .unwrap()
            .contains(&json!("win"))
    );
    act(&manager, &path, "approve", &json!({})).await.ok();
    act(&rep, &path, "close", &json!({"outcome": "won"}))
        .await
        .problem(403, "forbidden");
    let wrong = json!({"outcome": "won", "on": "2020-01-01", "amount": "-3"});
    let faults = act(&manager, &path, "close", &wrong).await.problem(422, "invalid_body");
    let pointers: Vec<&Value> = faults["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| &fault["pointer"])
        .collect();
    assert_eq!(pointers, ["/on", "/amount"]);
    let won = act(
        &manager,
        &path,
        "close",
        &json!({"outcome": "won", "amount": "3500", "reason": "product"}),
    )
    .await
    .ok();
    assert_eq!(
        json!([won["status"], won["amount"], won["closing"]["reason"], won["next"]]),
        json!(["won", "3500.00", "product", []])
    );
    act(&manager, &path, "close", &json!({"outcome": "lost", "reason": "price"}))
        .await
        .problem(409, "illegal_move");

    let (other, _) = submit(&rep, &deal_body(scene.northwind, "Brolly AG", "brolly.example")).await;
    act(&manager, &other, "approve", &json!({})).await.ok();
    let unexplained = act(&rep, &other, "close", &json!({"outcome": "lost"})).await;
    assert_eq!(
        unexplained.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/reason"
    );
    let lost = act(
        &rep,
        &other,
        "close",
        &json!({"outcome": "lost", "reason": "no_decision"}),
    )
    .await
    .ok();
    assert_eq!(
        json!([lost["status"], lost["closing"]["reason"]]),
        json!(["lost", "no_decision"])
    );

    let events = format!("/api/v1/events?topics=deals&since={}", since.as_str().unwrap());
    let said = until("both ends are in the events", async || {
        let items = rep.get(&events).await.ok()["items"].as_array().unwrap().clone();
        let ends: Vec<Value> = items
            .iter()
            .filter(|event| event["data"]["closed_on"].is_string())
            .map(|event| json!([event["kind"], event["data"]["amount"], event["data"]["close_reason"]]))
            .collect();
        (ends.len() == 2).then_some(ends)
    })
    .await;
    assert_eq!(
        said,
        [
            json!(["deal.won", "3500.00", "product"]),
            json!(["deal.lost", "3601.50", "no_decision"])
        ]
    );
}

#[tokio::test]
async fn a_word_that_very_many_names_have_is_passed_over_and_the_customer_is_found() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (birch, alder) = (
        server.login("sales@birch.example").await,
        server.login("sales@alder.example").await,
    );
    for name in ["Zephyr", "Boreal"] {
        let domain = format!("{name}.example").to_lowercase();
        let body = deal_body(scene.northwind, &format!("{name} Logistics GmbH"), &domain);
        birch.post("/api/v1/deals", &body).await.ok();
    }
    let mut db = server.database.connect().await;
    // Seven hundred more with nothing but that word in common.
    sqlx::query(
        "INSERT INTO deal (id, vendor_id, partner_id, status, customer_name, customer_key, customer_keys, customer_country,
                           currency, amount, expected_close, conflict_level, version, created_at, updated_at, program_id, custom)
         SELECT gen_random_uuid(), one.vendor_id, one.partner_id, 'submitted', 'Copy', 'copy ' || n,
                ARRAY(SELECT unnest(one.customer_keys) INTERSECT SELECT unnest(two.customer_keys)), one.customer_country,
                one.currency, one.amount, one.expected_close, 'none', 1, one.created_at, one.updated_at, one.program_id, '{}'
         FROM deal one JOIN deal two ON one.customer_name LIKE 'Zephyr%' AND two.customer_name LIKE 'Boreal%',
              generate_series(1, 700) n",
    )
    .execute(&mut db)
    .await
    .unwrap();
    sqlx::query("ANALYZE deal").execute(&mut db).await.unwrap();
    // A node notes them when it starts.
    let other = TestServer::builder().on(&server.database).start().await;
    until("the word is noted", async || {
        let noted: i64 = sqlx::query_scalar("SELECT count(*) FROM frequent_name_key WHERE NOT of_accounts")
            .fetch_one(&mut db)
            .await
            .unwrap();
        (noted > 0).then_some(())
    })
    .await;
    for (name, level) in [("Zephir", "likely"), ("Quartz", "none")] {
        let mut body = deal_body(scene.northwind, &format!("{name} Logistics"), "");
        body["customer"].as_object_mut().unwrap().remove("domain");
        body["contacts"] = json!([]);
        let made = alder.post("/api/v1/deals", &body).await.ok();
        assert_eq!(made["conflict_level"], level, "{name}");
    }
    other.stop().await;
}

#[tokio::test]
async fn names_that_were_read_another_way_once_are_found_by_todays_keys() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (rep, birch) = (
        server.login("sales@alder.example").await,
        server.login("sales@birch.example").await,
    );
    let nameless = |customer: &str, domain: &str| {
        let mut body = deal_body(scene.northwind, customer, domain);
        body["customer"].as_object_mut().unwrap().remove("domain");
        body
    };
    submit(&rep, &nameless("Ромашка", "one.example")).await;
    let mut db = server.database.connect().await;
    sqlx::query("UPDATE deal SET customer_key = 'ромашка', customer_keys = '{1,2}'")
        .execute(&mut db)
        .await
        .unwrap();
    let (path, etag) = submit(&birch, &nameless("Romashka", "other.example")).await;
    assert_eq!(birch.get(&path).await.ok()["conflict_level"], "none");
    sqlx::raw_sql(include_str!("../migrations/20261123000084_sell_deal_customer_keys.sql"))
        .execute(&mut db)
        .await
        .unwrap();
    until("all deals have their keys", async || {
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM timer WHERE kind = 'deal_customer_keys'")
            .fetch_one(&mut db)
            .await
            .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let seen = birch.patch(&path, &etag, &json!({"note": "Again."})).await.ok();
    assert_eq!(seen["conflict_level"], "likely");
}
