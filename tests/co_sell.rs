//! Shared opportunities, as those who have a part in them live them.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Scene, TestServer, audited, deal_body, until};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n";

struct Play {
    server: TestServer,
    scene: Scene,
    vendor: Caller,
    alder: Caller,
    birch: Caller,
}

async fn play() -> Play {
    let server = TestServer::builder().manual_clock().start().await;
    let scene = Scene::set(&server).await;
    let vendor = server.login("channel_manager@northwind.example").await;
    let alder = server.login("sales@alder.example").await;
    let birch = server.login("sales@birch.example").await;
    Play {
        server,
        scene,
        vendor,
        alder,
        birch,
    }
}

fn opportunity(server: &TestServer) -> Value {
    let close = server.clock.now().date_naive() + chrono::Days::new(90);
    json!({"title": "Three sites", "brief": "Needs hands.", "opportunity": {
        "customer_name": "Contoso", "customer_country": "DE", "amount": "1000.00", "currency": "EUR",
        "expected_close": close, "products": [{"name": "Gateway", "quantity": "3"}],
        "contacts": [{"name": "Jonas Weber", "email": "jonas@contoso.example"}]}})
}

/// Does something at the version that the caller sees.
async fn act(caller: &Caller, path: &str, verb: &str, body: &Value) -> Answer {
    let etag = caller.get(path).await.header("etag");
    caller.post_at(&format!("{path}/{verb}"), &etag, body).await
}

async fn say(caller: &Caller, path: &str, word: &str) -> Answer {
    act(caller, path, "respond", &json!({"answer": word})).await
}

impl Play {
    async fn open(&self) -> String {
        let made = self.vendor.post("/api/v1/co-sells", &opportunity(&self.server)).await;
        made.ok();
        made.header("location")
    }

    async fn invite(&self, path: &str, partner: guildhall_kernel::OrgId) -> Answer {
        act(
            &self.vendor,
            path,
            "invite",
            &json!({"partner_id": partner, "note": "You know the site."}),
        )
        .await
    }

    /// An opportunity that both partners have joined.
    async fn together(&self) -> String {
        let path = self.open().await;
        for (partner, caller) in [(self.scene.alder, &self.alder), (self.scene.birch, &self.birch)] {
            self.invite(&path, partner).await.ok();
            say(caller, &path, "interested").await.ok();
            say(caller, &path, "join").await.ok();
        }
        path
    }

    /// Everything that the caller has been told.
    async fn told(&self, caller: &Caller) -> Vec<Value> {
        audited(&mut self.server.database.connect().await).await;
        let page = caller
            .get("/api/v1/events?topics=co_sell&since=0-0&limit=100")
            .await
            .ok();
        page["items"].as_array().unwrap().clone()
    }
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_invited_partner_reads_the_brief_and_who_has_joined_reads_everything_shared() {
    let play = play().await;
    let path = play.open().await;
    play.alder.get(&path).await.problem(404, "not_found");
    play.invite(&path, play.scene.alder).await.ok();
    play.invite(&path, play.scene.birch).await.ok();
    play.invite(&path, play.scene.cedar).await.problem(422, "invalid_body");
    play.invite(&path, play.scene.alder).await.problem(409, "illegal_move");
    let brief = play.alder.get(&path).await.ok();
    assert_eq!(
        json!([brief["stage"], brief["brief"]]),
        json!(["invited", "Needs hands."])
    );
    assert!(
        brief.get("contacts").is_none() && brief.get("parties").is_none(),
        "{brief}"
    );
    for part in ["tasks", "notes", "documents"] {
        play.alder
            .get(&format!("{path}/{part}"))
            .await
            .problem(403, "forbidden");
    }
    let early = say(&play.alder, &path, "join").await.problem(409, "illegal_move");
    assert_eq!(early["legal"], json!(["interested", "decline"]));
    say(&play.vendor, &path, "interested").await.problem(403, "forbidden");
    assert_eq!(say(&play.alder, &path, "interested").await.ok()["stage"], "interested");
    assert!(play.alder.get(&path).await.ok().get("contacts").is_none());
    let joined = say(&play.alder, &path, "join").await.ok();
    assert_eq!(joined["contacts"][0]["email"], "jonas@contoso.example");
    let names = |seen: &Value| -> Vec<Value> {
        let parties = seen["parties"].as_array().unwrap();
        parties
            .iter()
            .map(|one| json!([one["organisation"]["name"], one["stage"]]))
            .collect()
    };
    assert_eq!(
        names(&joined),
        [json!(["Northwind", "joined"]), json!(["Alder", "joined"])],
        "who was asked is the vendor's to know"
    );
    assert_eq!(names(&play.vendor.get(&path).await.ok()).len(), 3);
    act(&play.alder, &path, "invite", &json!({"partner_id": play.scene.birch}))
        .await
        .problem(403, "forbidden");
    let told = play.told(&play.alder).await;
    assert_eq!(kinds(&told), ["cosell.invited", "cosell.interested", "cosell.joined"]);
    assert!(!json!(told).to_string().contains(&play.scene.birch.to_string()));
}

#[tokio::test]
async fn who_declines_leaves_or_is_removed_sees_and_hears_nothing_any_more() {
    let play = play().await;
    let path = play.together().await;
    assert_eq!(say(&play.alder, &path, "leave").await.status.as_u16(), 204);
    let birch = json!({"partner_id": play.scene.birch});
    act(&play.vendor, &path, "remove", &birch).await.ok();
    act(&play.vendor, &path, "remove", &birch)
        .await
        .problem(422, "invalid_body");
    let note = json!({"body": "Now we are alone."});
    play.vendor.post(&format!("{path}/notes"), &note).await.ok();
    for partner in [&play.alder, &play.birch] {
        for part in ["", "/tasks", "/notes", "/documents"] {
            partner.get(&format!("{path}{part}")).await.problem(404, "not_found");
        }
        partner
            .post(&format!("{path}/notes"), &note)
            .await
            .problem(404, "not_found");
        assert_eq!(partner.get("/api/v1/co-sells").await.ok()["items"], json!([]));
        let told = play.told(partner).await;
        assert!(!kinds(&told).contains(&"cosell.note_added"), "{told:?}");
    }
    assert_eq!(kinds(&play.told(&play.birch).await).last(), Some(&"cosell.removed"));
    play.invite(&path, play.scene.alder).await.ok();
    assert_eq!(say(&play.alder, &path, "decline").await.status.as_u16(), 204);
    play.alder.get(&path).await.problem(404, "not_found");
    assert!(!kinds(&play.told(&play.birch).await).contains(&"cosell.declined"));
}

#[tokio::test]
async fn a_private_note_is_for_its_own_side_alone() {
    let play = play().await;
    let path = play.together().await;
    let notes = format!("{path}/notes");
    for (who, name) in [(&play.vendor, "vendor"), (&play.alder, "alder"), (&play.birch, "birch")] {
        who.post(&notes, &json!({"body": format!("secret of {name}"), "private": true}))
            .await
            .ok();
        who.post(&notes, &json!({"body": format!("word of {name}")})).await.ok();
    }
    for (who, name) in [(&play.vendor, "vendor"), (&play.alder, "alder"), (&play.birch, "birch")] {
        let listed = who.get(&notes).await.ok();
        assert_eq!(listed["items"].as_array().unwrap().len(), 4, "{listed}");
        let told = json!(play.told(who).await).to_string();
        for text in [listed.to_string(), told] {
            assert_eq!(text.matches("secret of").count(), 1, "{name}: {text}");
            assert!(text.contains(&format!("secret of {name}")), "{name}: {text}");
            assert_eq!(text.matches("word of").count(), 3, "{name}: {text}");
        }
    }
}

#[tokio::test]
async fn a_deal_is_shared_once_with_its_partner_in_it() {
    let play = play().await;
    let made = play
        .alder
        .post(
            "/api/v1/deals",
            &deal_body(play.scene.northwind, "Acme", "acme.example"),
        )
        .await;
    let share = json!({"title": "Acme together", "deal_id": made.ok()["id"]});
    let early = play
        .vendor
        .post("/api/v1/co-sells", &share)
        .await
        .problem(422, "invalid_body");
    assert_eq!(early["errors"][0]["code"], "unknown_deal");
    let deal = made.header("location");
    play.vendor
        .post_at(&format!("{deal}/approve"), &made.header("etag"), &json!({}))
        .await
        .ok();
    play.birch
        .post("/api/v1/co-sells", &share)
        .await
        .problem(422, "invalid_body");
    let opened = play.vendor.post("/api/v1/co-sells", &share).await;
    let path = opened.header("location");
    assert_eq!(opened.ok()["contacts"][0]["name"], "Jo Doe");
    let twice = play.alder.post("/api/v1/co-sells", &share).await;
    twice.problem(409, "already_shared");
    assert_eq!(play.alder.get(&path).await.ok()["deal_id"], made.ok()["id"]);
    play.invite(&path, play.scene.birch).await.ok();
    say(&play.birch, &path, "interested").await.ok();
    let birch = say(&play.birch, &path, "join").await.ok();
    assert!(
        birch.get("deal_id").is_none(),
        "a registration is its partner's: {birch}"
    );
    // Who works on it can be given credit by another partner in it.
    let halves = json!({"shares": [
        {"partner_id": play.scene.alder, "role": "sourced", "percent": "50"},
        {"partner_id": play.scene.birch, "role": "sourced", "percent": "50"}]});
    play.alder.post(&format!("{deal}/credit"), &halves).await.ok();
    let closed = act(&play.birch, &path, "close", &json!({"outcome": "won"})).await;
    closed.problem(403, "forbidden");
    let closed = act(&play.vendor, &path, "close", &json!({"outcome": "won"})).await.ok();
    assert_eq!(closed["status"], "won");
    play.alder
        .post(&format!("{path}/tasks"), &json!({"title": "Too late"}))
        .await
        .problem(409, "illegal_move");
}

#[tokio::test]
async fn a_task_reminds_its_owner_once_on_the_day_that_it_is_due() {
    let play = play().await;
    let path = play.together().await;
    let today = play.server.clock.now().date_naive();
    let due = today + chrono::Days::new(3);
    let tasks = format!("{path}/tasks");
    let add = async |title: &str, owner: Value| {
        let body = json!({"title": title, "due_on": due, "owner_id": owner});
        play.vendor.post(&tasks, &body).await
    };
    let cedar = add("No", json!(play.scene.cedar)).await.problem(422, "invalid_body");
    assert_eq!(cedar["errors"][0]["pointer"], "/owner_id");
    let visit = add("Visit", json!(play.scene.alder)).await;
    let done = add("Done in time", json!(play.scene.alder)).await;
    let later = add("Put off", json!(play.scene.alder)).await;
    add("Other's", json!(play.scene.birch)).await.ok();
    let etag = done.header("etag");
    let finished = play
        .alder
        .patch(&done.header("location"), &etag, &json!({"status": "done"}))
        .await;
    assert_eq!(finished.ok()["status"], "done");
    let moved = json!({"due_on": today + chrono::Days::new(30)});
    play.alder
        .patch(&later.header("location"), &later.header("etag"), &moved)
        .await
        .ok();
    play.server.clock.advance(TimeDelta::days(4));
    // The clock has outrun the access tokens.
    let alder = play.server.login("sales@alder.example").await;
    let birch = play.server.login("sales@birch.example").await;
    let due = async |caller: &Caller, count: usize| {
        until("the reminders are there", async || {
            let told = play.told(caller).await;
            let due: Vec<Value> = told.into_iter().filter(|one| one["kind"] == "plan_task.due").collect();
            (due.len() == count).then_some(due)
        })
        .await
    };
    assert_eq!(due(&birch, 1).await[0]["data"]["title"], "Other's");
    assert_eq!(due(&alder, 1).await[0]["data"]["task_id"], visit.ok()["id"]);
    play.server.clock.advance(TimeDelta::days(30));
    let alder = play.server.login("sales@alder.example").await;
    assert_eq!(due(&alder, 2).await[1]["data"]["title"], "Put off");
}

#[tokio::test]
async fn each_side_names_its_own_people_and_documents() {
    let play = play().await;
    let path = play.together().await;
    let me = async |caller: &Caller| caller.get("/api/v1/me").await.ok()["user"]["id"].clone();
    let put = async |caller: &Caller, users: Vec<Value>| {
        let members: Vec<Value> = users
            .iter()
            .map(|user| json!({"user_id": user, "role": "lead"}))
            .collect();
        let etag = caller.etag(&path).await;
        let headers = [("content-type", "application/json"), ("if-match", etag.as_str())];
        let body = json!({"members": members}).to_string();
        caller.send(Method::PUT, &format!("{path}/team"), &headers, body).await
    };
    let (alder, birch) = (me(&play.alder).await, me(&play.birch).await);
    assert!(alder.is_string(), "{alder}");
    put(&play.alder, vec![alder.clone()]).await.ok();
    let stranger = put(&play.alder, vec![birch]).await.problem(422, "invalid_body");
    assert_eq!(stranger["errors"][0]["pointer"], "/members/0/user_id");
    let seen = play.birch.get(&path).await.ok();
    let team = |seen: &Value, name: &str| {
        let parties = seen["parties"].as_array().unwrap();
        let party = parties.iter().find(|one| one["organisation"]["name"] == name).unwrap();
        party["team"].clone()
    };
    assert_eq!(team(&seen, "Alder")[0]["user_id"], alder);
    assert_eq!(team(&seen, "Birch"), json!([]));
    let documents = format!("{path}/documents");
    for bad in [
        "http://files.example/a",
        "https://",
        "https://me@files.example/a",
        "javascript:alert(1)",
    ] {
        let body = json!({"name": "A", "url": bad});
        play.alder.post(&documents, &body).await.problem(422, "invalid_body");
    }
    let added = json!({"name": "Plan", "url": "https://files.example/plan.pdf"});
    assert_eq!(play.alder.post(&documents, &added).await.ok()["no"], 1);
    assert_eq!(play.birch.get(&documents).await.ok()["items"][0]["name"], "Plan");
    let remove = format!("{path}/remove-document");
    play.birch
        .post(&remove, &json!({"no": 1}))
        .await
        .problem(422, "invalid_body");
    assert_eq!(play.alder.post(&remove, &json!({"no": 1})).await.status.as_u16(), 204);
    assert_eq!(
        play.alder.post(&documents, &added).await.ok()["no"],
        2,
        "a number is not given again"
    );
}

async fn send_file(caller: &Caller, name: &str, bytes: impl Into<bytes::Bytes>) -> Answer {
    let path = format!("/api/v1/files?name={name}");
    caller.send(Method::POST, &path, &[], bytes).await
}

#[tokio::test]
async fn a_file_as_a_document_is_read_by_those_who_have_joined_and_nobody_else() {
    let play = play().await;
    let path = play.open().await;
    play.invite(&path, play.scene.alder).await.ok();
    say(&play.alder, &path, "interested").await.ok();
    say(&play.alder, &path, "join").await.ok();
    let documents = format!("{path}/documents");
    let sent = send_file(&play.alder, "plan.pdf", PDF).await;
    let file = sent.header("location");
    let document = json!({"name": "Site plan", "file_id": sent.ok()["id"]});
    // One's own file only, a link or a file, and each file once.
    for (who, body, pointer) in [
        (&play.vendor, document.clone(), "/file_id"),
        (&play.alder, json!({"name": "Neither"}), ""),
        (
            &play.alder,
            json!({"name": "Both", "file_id": sent.ok()["id"], "url": "https://a.example/b"}),
            "",
        ),
    ] {
        let problem = who.post(&documents, &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], pointer);
    }
    play.vendor.get(&file).await.problem(404, "not_found");
    let added = play.alder.post(&documents, &document).await.ok();
    assert_eq!(
        json!([added["no"], added["url"], added["file"]]),
        json!([1, null, {"file_id": sent.ok()["id"], "name": "plan.pdf", "media_type": "application/pdf", "size": PDF.len()}])
    );
    play.alder
        .post(&documents, &document)
        .await
        .problem(422, "invalid_body");
    assert_eq!(play.vendor.get(&documents).await.ok()["items"], json!([added]));
    for who in [&play.vendor, &play.alder] {
        let back = who.get(&file).await;
        assert_eq!((back.status.as_u16(), &back.body[..]), (200, PDF));
    }
    // Not before one has joined, and then those from before too.
    play.invite(&path, play.scene.birch).await.ok();
    say(&play.birch, &path, "interested").await.ok();
    play.birch.get(&file).await.problem(404, "not_found");
    say(&play.birch, &path, "join").await.ok();
    assert_eq!(&play.birch.get(&file).await.body[..], PDF);
    let stranger = play.server.login("owner@southgate.example").await;
    stranger.get(&file).await.problem(404, "not_found");
    let learner = play.server.login("learner@alder.example").await;
    learner.get(&file).await.problem(403, "forbidden");
    // Who goes reads nothing from then on, not even what it sent.
    act(&play.vendor, &path, "remove", &json!({"partner_id": play.scene.birch}))
        .await
        .ok();
    play.birch.get(&file).await.problem(404, "not_found");
    assert_eq!(say(&play.alder, &path, "leave").await.status.as_u16(), 204);
    play.alder.get(&file).await.problem(404, "not_found");
    play.alder.delete(&file).await.problem(404, "not_found");
    assert_eq!(&play.vendor.get(&file).await.body[..], PDF);
}

#[tokio::test]
async fn a_file_goes_when_its_document_does_and_is_checked_before_it_is_one() {
    let play = play().await;
    let path = play.together().await;
    let documents = format!("{path}/documents");
    for (name, bytes, code) in [
        ("plan.pdf", &b"MZ\x90\x00\x03\x00\x00\x00\x04"[..], "file_type_refused"),
        ("plan.txt", b"<html><script>alert(1)</script>", "file_type_refused"),
        ("plan.png", PDF, "file_name_mismatch"),
    ] {
        send_file(&play.birch, name, bytes).await.problem(415, code);
    }
    let mut large = PDF.to_vec();
    large.resize(25 * 1024 * 1024 + 1, b' ');
    send_file(&play.birch, "plan.pdf", large)
        .await
        .problem(413, "body_too_large");
    let sent = send_file(&play.birch, "plan.pdf", PDF).await;
    let document = json!({"name": "Plan", "file_id": sent.ok()["id"]});
    play.birch.post(&documents, &document).await.ok();
    let remove = format!("{path}/remove-document");
    let which = json!({"no": 1});
    play.alder.post(&remove, &which).await.problem(422, "invalid_body");
    // Nor by the ways of other things.
    let attachment = format!("/api/v1/deal-attachments/{}", sent.ok()["id"].as_str().unwrap());
    play.birch.delete(&attachment).await.problem(404, "not_found");
    play.server.clock.advance(TimeDelta::hours(25));
    let birch = play.server.login("sales@birch.example").await;
    assert_eq!(&birch.get(&sent.header("location")).await.body[..], PDF);
    assert_eq!(birch.post(&remove, &which).await.status.as_u16(), 204);
    birch.get(&sent.header("location")).await.problem(404, "not_found");
    let stored = || walk(&play.server.data().join("files"));
    until("its bytes are gone", async || (stored() == 0).then_some(())).await;
    assert_eq!(birch.get(&documents).await.ok()["items"], json!([]));
}

/// How many files lie in a folder and those in it.
fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| if path.is_dir() { walk(&path) } else { 1 })
        .sum()
}

#[tokio::test]
async fn what_an_opportunity_can_not_be_is_named() {
    let play = play().await;
    let mut body = opportunity(&play.server);
    body["opportunity"]["currency"] = "XXQ".into();
    let problem = play
        .vendor
        .post("/api/v1/co-sells", &body)
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/opportunity/currency");
    let mut body = opportunity(&play.server);
    body["opportunity"]["amount"] = "-1".into();
    body["opportunity"]["products"][0]["quantity"] = "-3".into();
    body["opportunity"]["products"]
        .as_array_mut()
        .unwrap()
        .push(json!({"quantity": "1"}));
    body["deal_id"] = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n".into();
    let problem = play
        .vendor
        .post("/api/v1/co-sells", &body)
        .await
        .problem(422, "invalid_body");
    let errors = problem["errors"].as_array().unwrap();
    let pointers: Vec<&str> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(
        pointers,
        [
            "/opportunity/amount",
            "/opportunity/products/0/quantity",
            "/opportunity/products/1/name",
            "/opportunity"
        ]
    );
    let nameless = opportunity(&play.server);
    let problem = play
        .alder
        .post("/api/v1/co-sells", &nameless)
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/vendor_id");
}

#[tokio::test]
async fn a_suspended_partner_sees_and_hears_nothing_until_it_is_active_again() {
    let play = play().await;
    let path = play.together().await;
    let task = play
        .vendor
        .post(
            &format!("{path}/tasks"),
            &json!({"title": "Visit", "owner_id": play.scene.birch}),
        )
        .await;
    let partnerships = play.vendor.get("/api/v1/partnerships").await.ok();
    let ours = partnerships["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["partner"]["name"] == "Birch")
        .unwrap();
    let partnership = format!("/api/v1/partnerships/{}", ours["id"].as_str().unwrap());
    let change = async |status: &str| {
        let etag = play.vendor.etag(&partnership).await;
        let change = json!({"status": status});
        play.vendor.patch(&partnership, &etag, &change).await.ok();
    };
    let etag = play.birch.etag(&path).await;
    let heard = play.told(&play.birch).await.len();
    change("suspended").await;
    let note = json!({"body": "Without Birch."});
    play.vendor.post(&format!("{path}/notes"), &note).await.ok();
    let id = path.rsplit('/').next().unwrap();
    let channel = format!("/api/v1/events?since=0-0&channel=co_sell:{id}");
    for hidden in [
        path.clone(),
        format!("{path}/notes"),
        format!("{path}/tasks"),
        format!("{path}/documents"),
        task.header("location"),
        channel.clone(),
    ] {
        play.birch.get(&hidden).await.problem(404, "not_found");
    }
    let refused = [
        play.birch.post(&format!("{path}/notes"), &note).await,
        play.birch
            .post_at(&format!("{path}/respond"), &etag, &json!({"answer": "leave"}))
            .await,
        play.birch
            .patch(
                &task.header("location"),
                &task.header("etag"),
                &json!({"status": "done"}),
            )
            .await,
    ];
    for refused in refused {
        refused.problem(404, "not_found");
    }
    assert_eq!(play.birch.get("/api/v1/co-sells").await.ok()["items"], json!([]));
    let file = play.birch.get("/api/v1/co-sells/export").await;
    assert!(file.status.is_success() && !String::from_utf8_lossy(&file.body).contains("Contoso"));
    assert_eq!(play.told(&play.birch).await.len(), heard);
    assert!(kinds(&play.told(&play.alder).await).contains(&"cosell.note_added"));

    change("active").await;
    let notes = play.birch.get(&format!("{path}/notes")).await.ok();
    assert_eq!(notes["items"][0]["body"], "Without Birch.");
    play.birch.post(&format!("{path}/notes"), &note).await.ok();
    play.birch.get(&channel).await.ok();

    change("suspended").await;
    let removal = json!({"partner_id": play.scene.birch});
    act(&play.vendor, &path, "remove", &removal).await.ok();
    let told = play.told(&play.birch).await;
    assert_eq!(kinds(&told).last(), Some(&"cosell.removed"));
}
