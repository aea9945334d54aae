//! From the offer to the deal: who answers, who doesn't, and who is asked next.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{Stage, act, everything, lead};
use crate::support::{Mailbox, until};

#[tokio::test]
async fn the_person_shows_to_the_partner_that_accepted_and_the_lead_becomes_a_deal_once() {
    let stage = Stage::set().await;
    stage
        .rules(json!([{"name": "Alder", "eligible": {"partner_ids": [stage.scene.alder]}, "choice": "round_robin"}]))
        .await;
    let path = stage.lead("Acme", "DE").await;
    let offered = stage.alder.get(&path).await.ok();
    assert_eq!(
        json!([offered["stage"], offered["contact"], offered["message"]]),
        json!(["offered", null, null])
    );
    assert_eq!(offered["company"]["name"], "Acme");
    let feed = until("the offer is announced", async || {
        let feed = stage.alder.get("/api/v1/events?topics=leads&since=0-0").await.ok();
        feed.to_string().contains("lead.offered").then_some(feed)
    })
    .await;
    for seen in [&offered, &feed, &stage.alder.get("/api/v1/leads").await.ok()] {
        let text = seen.to_string();
        assert!(
            !text.contains("Jo Doe") && !text.contains("jo@") && !text.contains("+49"),
            "{text}"
        );
        assert!(!text.contains("\"score\""), "{text}");
    }
    stage.birch.get(&path).await.problem(404, "not_found");
    act(&stage.alder, &path, "convert", &json!({"expected_close": close()}))
        .await
        .problem(409, "illegal_move");
    let note = json!({"kind": "note", "text": "x"});
    stage
        .alder
        .post(&format!("{path}/notes"), &note)
        .await
        .problem(409, "lead_not_accepted");

    let accepted = act(&stage.alder, &path, "accept", &json!({})).await.ok();
    assert_eq!(
        json!([accepted["contact"]["name"], accepted["message"]]),
        json!(["Jo Doe", "Call me on +49 30 1"])
    );
    act(&stage.alder, &path, "contact", &json!({"note": "Called."}))
        .await
        .ok();
    let qualified = act(&stage.alder, &path, "qualify", &json!({})).await.ok();
    assert_eq!(qualified["next"], json!(["convert", "disqualify", "return"]));
    let notes = stage.manager.get(&format!("{path}/notes")).await.ok();
    assert_eq!(notes["items"][0]["text"], "Called.");

    let etag = stage.alder.get(&path).await.header("etag");
    let mut calls = JoinSet::new();
    for _ in 0..4 {
        let (alder, path, etag) = (stage.alder.clone(), path.clone(), etag.clone());
        calls.spawn(async move {
            alder
                .post_at(&format!("{path}/convert"), &etag, &json!({"expected_close": close()}))
                .await
        });
    }
    let answers = calls.join_all().await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status.is_success()).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    let deal = stage.manager.get(&made[0].header("location")).await.ok();
    assert_eq!(
        json!([
            deal["customer"]["domain"],
            deal["amount"],
            deal["contacts"][0]["name"],
            deal["partner"]["name"]
        ]),
        json!(["acme.example", "1500.00", "Jo Doe", "Alder"])
    );
    let id = path.rsplit('/').next().unwrap();
    assert_eq!(
        deal["lead"],
        json!({"id": id, "source": "campaign", "campaign": "spring", "reference": "r-1"})
    );
    assert_eq!(stage.manager.get(&path).await.ok()["deal_id"], deal["id"]);
}

fn close() -> Value {
    json!(guildhall_kernel::Clock::system().now().date_naive() + chrono::Days::new(60))
}

#[tokio::test]
async fn whoever_declines_or_lets_it_lapse_is_not_asked_again() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let path = stage.lead("Acme", "DE").await;
    assert_eq!(stage.holder(&path).await, "Alder");
    act(&stage.alder, &path, "decline", &json!({"reason": "other"}))
        .await
        .problem(422, "invalid_body");
    let declined = act(&stage.alder, &path, "decline", &json!({"reason": "too_small"})).await;
    assert_eq!(declined.status.as_u16(), 204);
    stage.alder.get(&path).await.problem(404, "not_found");
    assert_eq!(stage.holder(&path).await, "Birch");
    let etag = stage.birch.get(&path).await.header("etag");
    stage.server.clock.advance(TimeDelta::minutes(1441));
    let late = stage.birch.post_at(&format!("{path}/accept"), &etag, &json!({})).await;
    assert!(matches!(late.status.as_u16(), 404 | 409 | 401), "{late:?}");
    let manager = stage.server.login("channel_manager@northwind.example").await;
    until("nobody is left to be asked", async || {
        (manager.get(&path).await.ok()["stage"] == "new").then_some(())
    })
    .await;
    let rounds = manager.get(&format!("{path}/assignments")).await.ok();
    let told: Vec<Value> = rounds["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|round| json!([round["cause"], round["outcome"], round["offers"][0]["state"]]))
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["expired", "unassigned", null],
            ["declined", "offered", "expired"],
            ["received", "offered", "declined"]
        ])
    );
    let out = &rounds["items"][0]["explanation"][0]["out"];
    assert_eq!(json!([out[0]["reasons"], out[0]["count"]]), json!([["refused"], 2]));
    let assigned = act(&manager, &path, "assign", &json!({"partner_id": stage.scene.alder}))
        .await
        .ok();
    assert_eq!(assigned["stage"], "offered", "the vendor may ask anybody again");
    act(&manager, &path, "assign", &json!({"partner_id": stage.scene.cedar}))
        .await
        .problem(422, "invalid_body");
}

#[tokio::test]
async fn of_two_that_claim_from_the_pool_one_has_it() {
    let stage = Stage::set().await;
    stage.rules(everything("pool")).await;
    for round in 0..5 {
        let path = stage.lead(&format!("Pool company {round}y"), "DE").await;
        let etag = stage.alder.get(&path).await.header("etag");
        let mut calls = JoinSet::new();
        for caller in [&stage.alder, &stage.birch] {
            let (caller, path, etag) = (caller.clone(), path.clone(), etag.clone());
            calls.spawn(async move { caller.post_at(&format!("{path}/accept"), &etag, &json!({})).await });
        }
        let answers = calls.join_all().await;
        let won = answers.iter().filter(|answer| answer.status.is_success()).count();
        assert_eq!(won, 1, "{answers:?}");
        let lost = answers.iter().find(|answer| !answer.status.is_success()).unwrap();
        assert!(matches!(lost.status.as_u16(), 404 | 409), "{lost:?}");
        let seen = [stage.alder.get(&path).await, stage.birch.get(&path).await];
        assert_eq!(
            seen.iter().filter(|answer| answer.status.is_success()).count(),
            1,
            "only who has it sees it"
        );
    }
}

#[tokio::test]
async fn an_answer_and_the_end_of_the_time_limit_do_not_both_count() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let path = stage.lead("Acme", "DE").await;
    let holder = stage.holder(&path).await;
    let rep = if holder == "Alder" { &stage.alder } else { &stage.birch };
    let etag = rep.get(&path).await.header("etag");
    stage.server.clock.advance(TimeDelta::minutes(9));
    let target = format!("{path}/accept");
    let nothing = json!({});
    let (answer, ()) = tokio::join!(rep.post_at(&target, &etag, &nothing), async {
        stage.server.clock.advance(TimeDelta::days(2));
    });
    let manager = stage.server.login("channel_manager@northwind.example").await;
    let seen = until("the lead has come to rest", async || {
        let seen = manager.get(&path).await.ok();
        let rounds = manager.get(&format!("{path}/assignments")).await.ok();
        let states: Vec<String> = rounds["items"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|round| round["offers"].as_array().unwrap().clone())
            .map(|offer| offer["state"].as_str().unwrap().to_owned())
            .collect();
        let first = states.last().unwrap().clone();
        (first != "open").then_some((seen, first))
    })
    .await;
    let expected: &[&str] = if answer.status.is_success() {
        &["accepted", "pulled_back"]
    } else {
        &["expired"]
    };
    assert!(expected.contains(&seen.1.as_str()), "{answer:?} {seen:?}");
}

#[tokio::test]
async fn a_customer_that_waits_is_told_of_twice_and_then_given_to_another() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let path = stage.lead("Acme", "DE").await;
    act(&stage.alder, &path, "accept", &json!({})).await.ok();
    let mut admin = Mailbox::of("admin@alder.example");
    for notices in 1..=2 {
        stage.server.clock.advance(TimeDelta::minutes(1441));
        let alder = stage.server.login("sales@alder.example").await;
        until("the notice is out", async || {
            let feed = alder.get("/api/v1/events?topics=leads&since=0-0").await.ok();
            (feed.to_string().matches("lead.contact_due").count() == notices).then_some(())
        })
        .await;
        let letter = admin.letter(&stage.server).await;
        assert_eq!(letter.subject, "Acme waits for your first contact");
    }
    stage.server.clock.advance(TimeDelta::minutes(481));
    let birch = stage.server.login("sales@birch.example").await;
    until("the lead is offered to the other", async || {
        birch.get(&path).await.status.is_success().then_some(())
    })
    .await;
    let alder = stage.server.login("sales@alder.example").await;
    alder.get(&path).await.problem(404, "not_found");
    let feed = until("everything is announced", async || {
        let feed = alder.get("/api/v1/events?topics=leads&since=0-0").await.ok();
        feed.to_string().contains("lead.pulled_back").then_some(feed)
    })
    .await;
    let kinds: Vec<&Value> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["kind"])
        .collect();
    assert_eq!(
        kinds,
        [
            "lead.offered",
            "lead.accepted",
            "lead.contact_due",
            "lead.contact_due",
            "lead.pulled_back"
        ]
    );
}

#[tokio::test]
async fn a_contact_in_time_ends_the_clock_and_a_return_asks_the_next() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let path = stage.lead("Acme", "DE").await;
    act(&stage.alder, &path, "accept", &json!({})).await.ok();
    let contacted = act(&stage.alder, &path, "contact", &json!({})).await.ok();
    assert_eq!(
        json!([contacted["stage"], contacted["contact_due_at"]]),
        json!(["contacted", null])
    );
    let mut db = stage.server.database.connect().await;
    let timers: i64 = sqlx::query_scalar("SELECT count(*) FROM timer WHERE kind LIKE 'lead%'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(timers, 0, "nothing is due any more");
    act(&stage.alder, &path, "accept", &json!({}))
        .await
        .problem(409, "illegal_move");
    stage
        .alder
        .post_at(&format!("{path}/return"), "\"v1\"", &json!({"reason": "customer_wish"}))
        .await
        .problem(412, "stale_version");
    act(&stage.alder, &path, "return", &json!({"reason": "customer_wish"}))
        .await
        .ok();
    assert_eq!(stage.holder(&path).await, "Birch");
    act(&stage.birch, &path, "decline", &json!({"reason": "no_capacity"}))
        .await
        .ok();
    assert_eq!(stage.manager.get(&path).await.ok()["stage"], "new");
}

#[tokio::test]
async fn the_vendor_pulls_back_and_reassigns_and_discards() {
    let stage = Stage::set().await;
    let path = stage.lead("Acme", "DE").await;
    assert_eq!(
        stage.manager.get(&path).await.ok()["stage"],
        "new",
        "without rules nobody is asked"
    );
    act(
        &stage.manager,
        &path,
        "assign",
        &json!({"partner_id": stage.scene.birch}),
    )
    .await
    .ok();
    act(&stage.birch, &path, "accept", &json!({})).await.ok();
    let moved = act(
        &stage.manager,
        &path,
        "assign",
        &json!({"partner_id": stage.scene.alder}),
    )
    .await
    .ok();
    assert_eq!(
        json!([moved["stage"], moved["partner"]["name"]]),
        json!(["offered", "Alder"])
    );
    stage.birch.get(&path).await.problem(404, "not_found");
    let back = act(&stage.manager, &path, "pull-back", &json!({"note": "Sorry."}))
        .await
        .ok();
    assert_eq!(json!([back["stage"], back["partner"]]), json!(["new", null]));
    stage.alder.get(&path).await.problem(404, "not_found");
    let gone = act(&stage.manager, &path, "discard", &json!({"reason": "no_fit"}))
        .await
        .ok();
    assert_eq!(
        json!([gone["stage"], gone["reason"]]),
        json!(["disqualified", "no_fit"])
    );
    let again = stage.manager.post("/api/v1/leads", &lead("Acme", "DE")).await.ok();
    assert_eq!(again["outcome"], "created", "what is over is no duplicate");
}
