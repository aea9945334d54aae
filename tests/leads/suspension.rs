//! A partner that is suspended has no part in leads until it is active again.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Stage, act};
use crate::support::{Caller, Mailbox, audited, until};

impl Stage {
    /// First Alder, then Birch.
    async fn alder_first(&self) {
        let rule = |name: &str, partner| json!({"name": name, "eligible": {"partner_ids": [partner]}, "choice": "round_robin"});
        self.rules(json!([
            rule("Alder", self.scene.alder),
            rule("Birch", self.scene.birch)
        ]))
        .await;
    }

    async fn status_of_alder(&self, status: &str) {
        let all = self.manager.get("/api/v1/partnerships").await.ok();
        let ours = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["partner"]["name"] == "Alder")
            .unwrap();
        let path = format!("/api/v1/partnerships/{}", ours["id"].as_str().unwrap());
        let etag = self.manager.etag(&path).await;
        self.manager.patch(&path, &etag, &json!({"status": status})).await.ok();
    }

    async fn handed_on(&self, path: &str) {
        until("the lead is offered to another", async || {
            (self.holder(path).await == "Birch").then_some(())
        })
        .await;
    }
}

async fn told(stage: &Stage, caller: &Caller) -> Vec<Value> {
    audited(&mut stage.server.database.connect().await).await;
    let page = caller.get("/api/v1/events?topics=leads&since=0-0&limit=500").await.ok();
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["kind"].clone())
        .collect()
}

#[tokio::test]
async fn a_suspended_partner_neither_reads_nor_works_on_leads_and_others_are_asked() {
    let stage = Stage::set().await;
    stage.alder_first().await;
    let (held, asked) = (stage.lead("Acme", "DE").await, stage.lead("Zenith", "DE").await);
    act(&stage.alder, &held, "accept", &json!({})).await.ok();
    let etag = stage.alder.etag(&held).await;
    stage.status_of_alder("suspended").await;

    stage.handed_on(&asked).await;
    let rounds = stage.manager.get(&format!("{asked}/assignments")).await.ok();
    assert_eq!(
        json!([
            rounds["items"][0]["cause"],
            rounds["items"][1]["offers"][0]["state"],
            rounds["items"][1]["offers"][0]["reason"]
        ]),
        json!(["partnership_not_active", "pulled_back", "partnership_not_active"])
    );
    act(&stage.birch, &asked, "accept", &json!({})).await.ok();

    let note = json!({"kind": "note", "text": "Where are they?"});
    stage.manager.post(&format!("{held}/notes"), &note).await.ok();
    for path in [held.clone(), format!("{held}/notes")] {
        stage.alder.get(&path).await.problem(404, "not_found");
    }
    let id = held.rsplit('/').next().unwrap();
    let channel = format!("/api/v1/events?since=0-0&channel=lead:{id}");
    stage.alder.get(&channel).await.problem(404, "not_found");
    let contact = format!("{held}/contact");
    let writes = [
        stage.alder.post_at(&contact, &etag, &json!({})).await,
        stage
            .alder
            .post_at(&format!("{held}/return"), &etag, &json!({"reason": "unreachable"}))
            .await,
        stage.alder.post(&format!("{held}/notes"), &note).await,
    ];
    for refused in writes {
        refused.problem(404, "not_found");
    }
    assert_eq!(stage.alder.get("/api/v1/leads").await.ok()["items"], json!([]));
    let file = stage.alder.get("/api/v1/leads/export").await;
    assert!(file.status.is_success() && !String::from_utf8_lossy(&file.body).contains("Acme"));
    let heard = told(&stage, &stage.alder).await;
    assert!(
        heard.contains(&json!("lead.offer_ended")) && !heard.contains(&json!("lead.noted")),
        "{heard:?}"
    );

    stage.status_of_alder("active").await;
    assert_eq!(
        stage.alder.get(&format!("{held}/notes")).await.ok()["items"][0]["text"],
        "Where are they?"
    );
    act(&stage.alder, &held, "contact", &json!({})).await.ok();
    stage.alder.get(&asked).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_a_suspended_partner_accepted_is_the_vendors_to_reassign_and_nobody_is_reminded_in_vain() {
    let stage = Stage::set().await;
    stage.alder_first().await;
    let held = stage.lead("Acme", "DE").await;
    act(&stage.alder, &held, "accept", &json!({})).await.ok();
    stage.status_of_alder("suspended").await;
    let due = stage.manager.get(&held).await.ok()["contact_due_at"].clone();
    let due: chrono::DateTime<chrono::Utc> = due.as_str().unwrap().parse().unwrap();
    stage
        .server
        .clock
        .advance(due - stage.server.clock.now() + TimeDelta::seconds(1));
    let manager = stage.server.login("channel_manager@northwind.example").await;
    until("the vendor hears of it", async || {
        let page = manager
            .get("/api/v1/events?topics=leads&since=0-0&limit=500")
            .await
            .ok();
        page.to_string().contains("lead.contact_due").then_some(())
    })
    .await;
    let alder = stage.server.login("sales@alder.example").await;
    assert!(!told(&stage, &alder).await.contains(&json!("lead.contact_due")));
    let letters = Mailbox::of("admin@alder.example").letters(&stage.server).await;
    assert!(letters.iter().all(|letter| !letter.subject.contains("Acme")));
    let query = format!("/api/v1/leads?partner_id={}", stage.scene.alder);
    let stuck = manager.get(&query).await.ok();
    assert_eq!(stuck["items"][0]["stage"], "accepted");
    act(&manager, &held, "assign", &json!({"partner_id": stage.scene.alder}))
        .await
        .problem(422, "invalid_body");
    let moved = act(&manager, &held, "assign", &json!({"partner_id": stage.scene.birch})).await;
    assert_eq!(moved.ok()["stage"], "offered");
    let birch = stage.server.login("sales@birch.example").await;
    act(&birch, &held, "accept", &json!({})).await.ok();
}
