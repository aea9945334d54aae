use serde_json::json;

use super::{Stage, act};
use crate::support::{Mailbox, audited, until};

#[tokio::test]
async fn a_protection_is_reminded_of_and_ends_by_itself() {
    let stage = Stage::set().await;
    let (rep, manager) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
    );
    stage.terms(json!({"idle_days": null})).await;
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let approved = act(&manager, &path, "approve", &json!({})).await.ok();
    let until_at = approved["protection"]["until"]
        .as_str()
        .unwrap()
        .parse::<chrono::DateTime<chrono::Utc>>();
    assert_eq!(
        until_at.unwrap(),
        stage.server.clock.now() + chrono::TimeDelta::days(90)
    );
    let mut mailbox = Mailbox::of("sales@alder.example");
    for (days, left) in [(76, 14), (7, 7), (6, 1)] {
        stage.pass(days);
        let rep = stage.login("sales@alder").await;
        until("the reminder", async || {
            let heard = stage.events(&rep, "deal.protection_ending", 1).await;
            heard.iter().any(|event| event["days_left"] == left).then_some(())
        })
        .await;
        let letter = mailbox.letter(&stage.server).await;
        assert!(letter.subject.contains("Acme GmbH") && letter.subject.contains(&format!("in {left} day")));
    }
    stage.pass(1);
    let rep = stage.login("sales@alder").await;
    let expired = stage.events(&rep, "deal.expired", 1).await;
    assert_eq!(expired[0]["ended_because"], "window");
    assert_eq!(rep.get(&path).await.ok()["status"], "expired");
    assert_eq!(stage.events(&rep, "deal.protection_ending", 3).await.len(), 3);
    let (birch, manager) = (
        stage.login("sales@birch").await,
        stage.login("channel_manager@northwind").await,
    );
    let mut body = crate::support::deal_body(stage.northwind, "Acme GmbH", "acme.example");
    body["expected_close"] = (stage.server.clock.now().date_naive() + chrono::Days::new(30))
        .to_string()
        .into();
    let next = birch.post("/api/v1/deals", &body).await;
    next.ok();
    act(&manager, &next.header("location"), "approve", &json!({}))
        .await
        .ok();
}

#[tokio::test]
async fn an_extension_needs_evidence_moves_the_end_and_has_a_limit() {
    let stage = Stage::set().await;
    stage
        .terms(json!({"extension": {"days": 30, "most": 1, "evidence_required": true}, "idle_days": null}))
        .await;
    let (rep, manager) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
    );
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let extensions = format!("{path}/extensions");
    let evidence = json!({"evidence": "The pilot runs.", "next_step": "Contract"});
    rep.post(&extensions, &evidence).await.problem(409, "illegal_move");
    let approved = act(&manager, &path, "approve", &json!({})).await.ok();
    let bare = rep.post(&extensions, &json!({})).await.problem(422, "invalid_body");
    assert_eq!(bare["errors"][0]["pointer"], "/evidence");
    let asked = rep.post(&extensions, &evidence).await;
    asked.ok();
    rep.post(&extensions, &evidence).await.problem(409, "already_exists");
    let request = asked.header("location");
    let yes = json!({"approved": true});
    act(&rep, &request, "decide", &yes).await.problem(403, "forbidden");
    stage
        .login("sales@birch")
        .await
        .get(&request)
        .await
        .problem(404, "not_found");
    act(&manager, &request, "decide", &json!({"approved": false}))
        .await
        .problem(422, "invalid_body");
    act(&manager, &request, "decide", &yes).await.ok();
    act(&manager, &request, "decide", &yes)
        .await
        .problem(409, "illegal_move");
    let extended = rep.get(&path).await.ok();
    let end = |deal: &serde_json::Value| {
        let until = deal["protection"]["until"].as_str().unwrap();
        until.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
    };
    assert_eq!(end(&extended), end(&approved) + chrono::TimeDelta::days(30));
    assert_eq!(extended["protection"]["extensions"], 1);
    let again = rep.post(&extensions, &evidence).await;
    assert_eq!(again.problem(409, "extension_limit_reached")["limit"], 1);
    stage.pass(91);
    let rep = stage.login("sales@alder").await;
    assert_eq!(rep.get(&path).await.ok()["status"], "approved", "the extension holds");
    stage.pass(30);
    let rep = stage.login("sales@alder").await;
    stage.events(&rep, "deal.expired", 1).await;
}

#[tokio::test]
async fn a_deal_that_nobody_works_on_lapses_and_progress_keeps_it() {
    let stage = Stage::set().await;
    stage.terms(json!({"idle_days": 20})).await;
    let (rep, manager) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
    );
    let (worked, idle) = (
        stage.submit(&rep, "Acme GmbH", "acme.example").await,
        stage.submit(&rep, "Zenith Foods", "zenith.example").await,
    );
    for path in [&worked, &idle] {
        act(&manager, path, "approve", &json!({})).await.ok();
    }
    stage.pass(15);
    let rep = stage.login("sales@alder").await;
    let entry = json!({"text": "Workshop held.", "next_step": "Offer"});
    let recorded = rep.post(&format!("{worked}/progress"), &entry).await.ok();
    assert_eq!(recorded["no"], 1);
    stage.pass(6);
    let manager = stage.login("channel_manager@northwind").await;
    let lapsed = stage.events(&manager, "deal.expired", 1).await;
    assert_eq!(lapsed.len(), 1);
    assert_eq!(
        json!([lapsed[0]["customer_name"], lapsed[0]["ended_because"]]),
        json!(["Zenith Foods", "idle"])
    );
    assert_eq!(manager.get(&worked).await.ok()["status"], "approved");
    let progress = manager.get(&format!("{worked}/progress")).await.ok();
    assert_eq!(progress["items"][0]["text"], "Workshop held.");
    let rep = stage.login("sales@alder").await;
    rep.post(&format!("{idle}/progress"), &entry)
        .await
        .problem(409, "illegal_move");
    stage.pass(15);
    let manager = stage.login("channel_manager@northwind").await;
    stage.events(&manager, "deal.expired", 2).await;
}

#[tokio::test]
async fn a_customer_is_released_once_the_partner_was_heard() {
    let stage = Stage::set().await;
    let (rep, manager) = (
        stage.login("sales@alder").await,
        stage.login("channel_manager@northwind").await,
    );
    let path = stage.submit(&rep, "Acme GmbH", "acme.example").await;
    let asks = json!({"asked_by": "Jo Doe, CEO", "evidence": "Letter of today."});
    manager
        .post(&format!("{path}/release"), &asks)
        .await
        .problem(409, "illegal_move");
    act(&manager, &path, "approve", &json!({})).await.ok();
    rep.post(&format!("{path}/release"), &asks)
        .await
        .problem(403, "forbidden");
    let request = manager.post(&format!("{path}/release"), &asks).await;
    request.ok();
    let request = request.header("location");
    let letter = Mailbox::of("sales@alder.example").letter(&stage.server).await;
    assert!(letter.subject.contains("Acme GmbH asks to be released"));
    assert_eq!(
        stage.events(&rep, "deal.release_requested", 1).await[0]["asked_by"],
        "Jo Doe, CEO"
    );
    let yes = json!({"released": true});
    act(&manager, &request, "decide", &yes)
        .await
        .problem(409, "partner_not_heard");
    act(&rep, &request, "answer", &json!({"answer": "The pilot runs."}))
        .await
        .ok();
    assert_eq!(act(&manager, &request, "decide", &yes).await.ok()["status"], "released");
    let released = rep.get(&path).await.ok();
    assert_eq!(
        json!([released["status"], released["protection"]["ended_because"]]),
        json!(["released", "release"])
    );
    let birch = stage.login("sales@birch").await;
    let next = stage.submit(&birch, "Acme GmbH", "acme.example").await;
    act(&manager, &next, "approve", &json!({})).await.ok();
    let mut db = stage.server.database.connect().await;
    audited(&mut db).await;
    let audit = stage
        .login("owner@northwind")
        .await
        .get("/api/v1/audit?limit=100")
        .await
        .ok();
    assert!(audit.to_string().contains("deal.release_requested") && audit.to_string().contains("deal.released"));
}
