//! Outbound webhooks: who hears what, how it is signed, and what happens to messages that nobody takes.

mod faults;
mod receiver;

use axum::http::Method;
use chrono::{DateTime, TimeDelta, Utc};
use guildhall_spine::event::{Position, replay};
use serde_json::{Value, json};

use crate::support::{Caller, Letter, Mailbox, Place, Scene, TestServer, deal_body, until};
use receiver::{Answer, Receiver};

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

struct Play {
    server: TestServer,
    scene: Scene,
    owner: Caller,
    rep: Caller,
}

/// An endpoint as its maker knows it.
struct Endpoint {
    path: String,
    secret: String,
}

impl Play {
    async fn set() -> Self {
        let server = TestServer::builder().config(|config| config.outbound.allow_private_networks = true);
        Self::on(server.start().await).await
    }

    /// With a clock that stands still until it is moved.
    async fn timed() -> Self {
        let server = TestServer::builder()
            .manual_clock()
            .config(|config| config.outbound.allow_private_networks = true);
        Self::on(server.start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        let owner = server.login("owner@northwind.example").await;
        let rep = server.login("sales@alder.example").await;
        Self {
            server,
            scene,
            owner,
            rep,
        }
    }

    async fn submit(&self, number: usize) -> Value {
        let name = format!("Customer {number}");
        let body = deal_body(self.scene.northwind, &name, &format!("customer{number}.example"));
        self.rep.post("/api/v1/deals", &body).await.ok()
    }

    /// Moves the clock and has everyone look at it.
    async fn pass(&mut self, time: TimeDelta) {
        self.server.clock.advance(time);
        self.owner = self.server.login("owner@northwind.example").await;
        self.rep = self.server.login("sales@alder.example").await;
        self.server.app().db.wake().committed();
    }

    async fn log(&self, endpoint: &Endpoint, outcome: &str) -> Vec<Value> {
        let path = format!("{}/messages?outcome={outcome}", endpoint.path);
        self.owner.get(&path).await.ok()["items"].as_array().unwrap().clone()
    }

    /// The one message of an endpoint, once it is in this state after so many attempts.
    async fn settled(&self, endpoint: &Endpoint, outcome: &str, attempts: i64) -> Value {
        until("the attempt is noted", async || {
            let messages = self.log(endpoint, outcome).await;
            messages.into_iter().find(|message| message["attempts"] == attempts)
        })
        .await
    }
}

async fn make(caller: &Caller, receiver: &Receiver, kinds: &[&str], topics: &[&str]) -> Endpoint {
    let body = json!({"url": receiver.url(), "kinds": kinds, "topics": topics, "description": "CRM sync"});
    let answer = caller.post(ENDPOINTS, &body).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.ok();
    assert!(made["endpoint"].get("secret").is_none(), "{made}");
    Endpoint {
        path: format!("{ENDPOINTS}/{}", made["endpoint"]["id"].as_str().unwrap()),
        secret: made["secret"].as_str().unwrap().to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_what_the_specification_says_and_goes_to_those_alone_who_hear_of_it() {
    let play = Play::set().await;
    let (vendor, partner, stranger) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    let choosy = Receiver::start().await;
    let endpoint = make(&play.owner, &vendor, &[], &["deals"]).await;
    let alder = play.server.login("admin@alder.example").await;
    make(&alder, &partner, &["deal.submitted"], &[]).await;
    for company in ["southgate", "birch", "cedar"] {
        let role = if company == "southgate" { "owner" } else { "admin" };
        let leader = play.server.login(&format!("{role}@{company}.example")).await;
        make(&leader, &stranger, &[], &["deals", "partnerships"]).await;
    }
    make(&play.owner, &choosy, &["deal.approved"], &[]).await;

    let deal = play.submit(1).await;
    let message = vendor.messages(1).await.remove(0);
    assert!(message.is_signed_with(&endpoint.secret));
    assert!(!message.is_signed_with("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"));
    assert_eq!(message.header("content-type"), "application/json");
    let payload = message.json();
    assert_eq!(payload.as_object().unwrap().len(), 3, "{payload}");
    assert_eq!(payload["type"], "deal.submitted");
    assert_eq!(payload["data"]["deal_id"], deal["id"]);
    let at: DateTime<Utc> = payload["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(play.server.clock.now() - at < TimeDelta::minutes(5));
    let events = play.owner.get("/api/v1/events?since=1-0&topics=deals").await.ok();
    assert_eq!(events["items"][0]["id"], message.header("webhook-id"), "{events}");
    assert_eq!(partner.messages(1).await[0].json()["data"], payload["data"]);

    // What they do hear of comes, and nothing came before it.
    let cedar = play.server.login("sales@cedar.example").await;
    let own = deal_body(play.scene.southgate, "Own", "own.example");
    let own = cedar.post("/api/v1/deals", &own).await.ok();
    for message in stranger.messages(2).await {
        assert_eq!(message.json()["data"]["deal_id"], own["id"]);
    }
    let path = format!("/api/v1/deals/{}/approve", deal["id"].as_str().unwrap());
    play.owner.post_at(&path, "\"v1\"", &json!({})).await.ok();
    assert_eq!(choosy.messages(1).await[0].json()["type"], "deal.approved");
    vendor.messages(2).await;
    assert_eq!(
        (
            choosy.received().len(),
            stranger.received().len(),
            partner.received().len()
        ),
        (1, 2, 1)
    );
}

#[tokio::test]
async fn an_event_that_the_consumer_takes_again_is_not_sent_again() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &[], &["deals"]).await;
    play.submit(1).await;
    receiver.messages(1).await;
    let mut tx = play.server.app().db.begin().await.unwrap();
    assert!(replay(&mut tx, "webhooks", Position::START).await.unwrap());
    tx.wake_on_commit();
    tx.commit().await.unwrap();
    play.submit(2).await;
    let messages = receiver.messages(2).await;
    assert_ne!(messages[0].header("webhook-id"), messages[1].header("webhook-id"));
    until("both are noted", async || {
        (play.log(&endpoint, "delivered").await.len() == 2).then_some(())
    })
    .await;
    assert_eq!(receiver.received().len(), 2);
}

#[tokio::test]
async fn what_is_not_taken_comes_again_for_three_days_and_then_the_endpoint_is_switched_off() {
    let mut play = Play::timed().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    receiver.always(Answer::Status(500));
    play.submit(1).await;
    let began = play.server.clock.now();
    for attempt in 1..10 {
        let message = play.settled(&endpoint, "waiting", attempt).await;
        assert_eq!(
            (&message["last_status"], &message["last_error"]),
            (&json!(500), &json!("status"))
        );
        let next: DateTime<Utc> = message["next_attempt_at"].as_str().unwrap().parse().unwrap();
        play.pass(next - play.server.clock.now()).await;
    }
    let message = play.settled(&endpoint, "failed", 10).await;
    let took = play.server.clock.now() - began;
    assert!(took > TimeDelta::hours(75) && took < TimeDelta::hours(84), "{took}");
    let received = receiver.received();
    assert_eq!(received.len(), 10);
    assert!(
        received
            .iter()
            .all(|one| one.header("webhook-id") == message["event_id"])
    );
    assert_ne!(
        received[0].header("webhook-timestamp"),
        received[9].header("webhook-timestamp")
    );

    let off = play.owner.get(&endpoint.path).await.ok();
    assert_eq!(
        (&off["enabled"], &off["off_because"]),
        (&json!(false), &json!("failing"))
    );
    for person in ["owner", "admin"] {
        let letters = Mailbox::of(&format!("{person}@northwind.example"))
            .letters(&play.server)
            .await;
        let told = |letter: &&Letter| letter.subject == "Webhook endpoint CRM sync was switched off";
        assert_eq!(letters.iter().filter(told).count(), 1);
    }
    assert!(
        Mailbox::of("finance@northwind.example")
            .letters(&play.server)
            .await
            .is_empty()
    );
    let attempts = format!("/api/v1/webhook-messages/{}/attempts", message["id"].as_str().unwrap());
    let first = play.owner.get(&format!("{attempts}?limit=4")).await.ok();
    assert_eq!(first["items"][0]["response"], "noted", "{first}");
    assert_eq!(first["items"].as_array().unwrap().len(), 4);
    let next = first["next_cursor"].as_str().unwrap();
    let second = play.owner.get(&format!("{attempts}?limit=4&cursor={next}")).await.ok();
    assert_eq!(second["items"][0]["no"], 5, "{second}");

    // What happens now isn't kept for it; what was given up can be sent again once it is on.
    play.submit(2).await;
    receiver.always(Answer::Status(200));
    let recovery = json!({"since": began});
    let recovered = play
        .owner
        .post(&format!("{}/recover", endpoint.path), &recovery)
        .await
        .ok();
    assert_eq!((&recovered["queued"], &recovered["more"]), (&json!(1), &json!(false)));
    let etag = play.owner.etag(&endpoint.path).await;
    play.owner
        .patch(&endpoint.path, &etag, &json!({"enabled": true}))
        .await
        .ok();
    play.settled(&endpoint, "delivered", 11).await;
    assert_eq!(receiver.received().len(), 11);
    assert_eq!(receiver.received()[10].body, received[0].body);
}

#[tokio::test]
async fn one_that_takes_a_message_in_between_stays_on() {
    let mut play = Play::timed().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    let wish = Answer::With(503, "retry-after", "7200".to_owned());
    receiver.plan([wish, Answer::With(302, "location", receiver.url())]);
    play.submit(1).await;
    let message = play.settled(&endpoint, "waiting", 1).await;
    let next: DateTime<Utc> = message["next_attempt_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(
        next - play.server.clock.now(),
        TimeDelta::hours(2),
        "as the receiver wishes"
    );
    play.pass(TimeDelta::hours(2)).await;
    let message = play.settled(&endpoint, "waiting", 2).await;
    assert_eq!(message["last_error"], "redirect", "not followed");
    assert_eq!(receiver.received().len(), 2);
    play.pass(TimeDelta::minutes(6)).await;
    let message = play.settled(&endpoint, "delivered", 3).await;
    // 72 hours of failure are counted from the last success.
    play.pass(TimeDelta::hours(80)).await;
    receiver.plan([Answer::Status(500)]);
    let again = format!("/api/v1/webhook-messages/{}/redeliver", message["id"].as_str().unwrap());
    play.owner.post(&again, &json!({})).await.ok();
    play.settled(&endpoint, "waiting", 4).await;
    assert_eq!(play.owner.get(&endpoint.path).await.ok()["enabled"], true);
    play.owner.post(&again, &json!({})).await.problem(409, "illegal_move");
}

#[tokio::test]
async fn gone_is_gone() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    receiver.plan([Answer::Status(410)]);
    play.submit(1).await;
    let message = play.settled(&endpoint, "failed", 1).await;
    assert_eq!(message["last_error"], "gone");
    let off = play.owner.get(&endpoint.path).await.ok();
    assert_eq!((&off["enabled"], &off["off_because"]), (&json!(false), &json!("gone")));
    let letter = Mailbox::of("owner@northwind.example").letter(&play.server).await;
    assert!(letter.body.contains("410"), "{}", letter.body);
    until("it is announced", async || {
        let events = play.owner.get("/api/v1/events?since=1-0&topics=webhooks").await.ok();
        let events = events["items"].as_array().unwrap().clone();
        events
            .into_iter()
            .find(|event| event["kind"] == "webhook_endpoint.disabled")
    })
    .await;
}

#[tokio::test]
async fn a_slow_receiver_holds_up_nobody() {
    let play = Play::set().await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let slow_endpoint = make(&play.owner, &slow, &["deal.submitted"], &[]).await;
    make(&play.owner, &quick, &["deal.submitted"], &[]).await;
    slow.always(Answer::Never);
    for number in 0..12 {
        play.submit(number).await;
    }
    quick.messages(12).await;
    assert!(slow.received().len() <= 4, "a few at once: {}", slow.received().len());
    assert!(play.log(&slow_endpoint, "delivered").await.is_empty());
    slow.always(Answer::Status(200));
    until("the rest follows", async || {
        slow.let_go();
        (play.log(&slow_endpoint, "delivered").await.len() == 12).then_some(())
    })
    .await;
}

#[tokio::test]
async fn two_secrets_sign_while_they_change_over() {
    let mut play = Play::timed().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    let rotate = format!("{}/rotate-secret", endpoint.path);
    let renewed = play.owner.post(&rotate, &json!({})).await.ok();
    let fresh = renewed["secret"].as_str().unwrap().to_owned();
    assert_ne!(fresh, endpoint.secret);
    play.submit(1).await;
    let message = receiver.messages(1).await.remove(0);
    assert!(message.is_signed_with(&fresh) && message.is_signed_with(&endpoint.secret));
    assert_eq!(message.header("webhook-signature").split(' ').count(), 2);
    play.pass(TimeDelta::hours(25)).await;
    play.submit(2).await;
    let message = receiver.messages(2).await.remove(1);
    assert_eq!(message.header("webhook-signature").split(' ').count(), 1);
    let signed = standardwebhooks::Webhook::new(&fresh).unwrap();
    let timestamp = message.header("webhook-timestamp").parse().unwrap();
    let expected = signed
        .sign(message.header("webhook-id"), timestamp, &message.body)
        .unwrap();
    assert_eq!(message.header("webhook-signature"), expected);

    let leaked = play.owner.post(&rotate, &json!({"overlap_hours": 0})).await.ok();
    play.submit(3).await;
    let message = receiver.messages(3).await.remove(2);
    assert_eq!(message.header("webhook-signature").split(' ').count(), 1);
    let signed = standardwebhooks::Webhook::new(leaked["secret"].as_str().unwrap()).unwrap();
    let timestamp = message.header("webhook-timestamp").parse().unwrap();
    let expected = signed
        .sign(message.header("webhook-id"), timestamp, &message.body)
        .unwrap();
    assert_eq!(message.header("webhook-signature"), expected);
    let far = json!({"overlap_hours": 169});
    play.owner.post(&rotate, &far).await.problem(422, "invalid_body");
}

#[tokio::test]
async fn a_private_address_is_named_in_the_log_and_not_connected_to() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let etag = "\"v1\"";
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    let private = json!({"url": format!("https://{}/hook", receiver.address)});
    play.owner.patch(&endpoint.path, etag, &private).await.ok();
    // A stricter setting holds for addresses that were taken before it.
    let database = play.server.stop().await;
    let server = TestServer::builder().on(&database).start().await;
    let owner = server.login("owner@northwind.example").await;
    owner.post(&format!("{}/test", endpoint.path), &json!({})).await.ok();
    until("the attempt is noted", async || {
        let log = owner.get(&format!("{}/messages", endpoint.path)).await.ok();
        (log["items"][0]["last_error"] == "private_address").then_some(())
    })
    .await;
    assert_eq!(receiver.connections(), 0);
    for (url, code) in [
        ("https://10.0.0.1/", "refused_address"),
        ("https://169.254.169.254/latest", "refused_address"),
        ("https://localhost/", "refused_address"),
        ("https://[::1]/", "refused_address"),
        ("http://hooks.example.com/", "refused_address"),
        ("https://me:pw@hooks.example.com/", "refused_address"),
        ("ftp://hooks.example.com/", "refused_address"),
        ("hooks.example.com", "url"),
        ("https://hooks.example.com/#x", "url"),
    ] {
        let body = json!({"url": url, "topics": ["deals"]});
        let problem = owner.post(ENDPOINTS, &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}");
        assert_eq!(problem["errors"][0]["code"], code, "{url}");
    }
}

#[tokio::test]
async fn an_endpoint_hears_what_its_organisation_and_its_maker_may_hear() {
    let play = Play::set().await;
    let alder = play.server.login("admin@alder.example").await;
    let fault = async |caller: &Caller, body: Value| {
        let mut body = body;
        body["url"] = "https://hooks.example.com/".into();
        let problem = caller.post(ENDPOINTS, &body).await.problem(422, "invalid_body");
        let fault = &problem["errors"][0];
        format!(
            "{} {}",
            fault["pointer"].as_str().unwrap(),
            fault["code"].as_str().unwrap()
        )
    };
    assert_eq!(fault(&play.owner, json!({})).await, "/kinds missing");
    assert_eq!(
        fault(&play.owner, json!({"kinds": ["deal.painted"]})).await,
        "/kinds/0 unknown"
    );
    assert_eq!(
        fault(&play.owner, json!({"kinds": ["api_key.created"]})).await,
        "/kinds/0 unknown"
    );
    assert_eq!(
        fault(&play.owner, json!({"topics": ["account"]})).await,
        "/topics/0 unknown"
    );
    assert_eq!(
        fault(&alder, json!({"topics": ["deals", "crm"]})).await,
        "/topics/1 unknown"
    );
    assert_eq!(
        fault(&alder, json!({"topics": ["deals", "deals"]})).await,
        "/topics/1 repeated"
    );
    let kinds = alder.get("/api/v1/webhook-event-kinds").await.ok();
    let kinds = kinds["items"].as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind["kind"] == "deal.won"));
    assert!(
        kinds
            .iter()
            .all(|kind| kind["topic"] != "account" && kind["topic"] != "crm")
    );
    play.rep.get(ENDPOINTS).await.problem(403, "forbidden");
    let key = json!({"name": "Key", "scopes": ["webhooks:manage"]});
    play.owner
        .post("/api/v1/api-keys", &key)
        .await
        .problem(422, "invalid_body");

    // The organisation's topic has events that are kept for those who manage keys: they go nowhere.
    let receiver = Receiver::start().await;
    make(&play.owner, &receiver, &[], &["organisation"]).await;
    let key = json!({"name": "Key", "scopes": ["deals:read"]});
    play.owner.post("/api/v1/api-keys", &key).await.ok();
    let invited = json!({"email": "new@northwind.example", "role": "finance"});
    play.owner.post("/api/v1/invitations", &invited).await.ok();
    let message = receiver.messages(1).await.remove(0);
    assert_eq!(message.json()["type"], "invitation.created");
}

#[tokio::test]
async fn an_endpoint_that_is_deleted_takes_its_queue_along() {
    let mut play = Play::timed().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    receiver.always(Answer::Status(500));
    play.submit(1).await;
    let message = play.settled(&endpoint, "waiting", 1).await;
    assert_eq!(play.owner.delete(&endpoint.path).await.status.as_u16(), 204);
    play.owner.get(&endpoint.path).await.problem(404, "not_found");
    play.owner.delete(&endpoint.path).await.problem(404, "not_found");
    let attempts = format!("/api/v1/webhook-messages/{}/attempts", message["id"].as_str().unwrap());
    play.owner.get(&attempts).await.problem(404, "not_found");
    let other = Receiver::start().await;
    make(&play.owner, &other, &["deal.submitted"], &[]).await;
    play.pass(TimeDelta::hours(2)).await;
    play.submit(2).await;
    other.messages(1).await;
    let mut db = play.server.database.connect().await;
    until("upkeep clears its log away", async || {
        play.server.app().db.wake().committed();
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM webhook_endpoint")
            .fetch_one(&mut db)
            .await
            .unwrap();
        (rows == 1).then_some(())
    })
    .await;
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn the_log_reaches_back_thirty_days() {
    let mut play = Play::timed().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    play.submit(1).await;
    play.settled(&endpoint, "delivered", 1).await;
    play.pass(TimeDelta::days(20)).await;
    play.submit(2).await;
    until("both are there", async || {
        (play.log(&endpoint, "delivered").await.len() == 2).then_some(())
    })
    .await;
    play.pass(TimeDelta::days(11)).await;
    until("the older one goes", async || {
        (play.log(&endpoint, "delivered").await.len() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_change_needs_the_current_version_and_a_listener_that_is_off_hears_nothing() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    let change = json!({"enabled": false, "description": null});
    play.owner
        .send(
            Method::PATCH,
            &endpoint.path,
            &[("content-type", "application/json")],
            change.to_string(),
        )
        .await
        .problem(428, "precondition_required");
    let off = play.owner.patch(&endpoint.path, "\"v1\"", &change).await.ok();
    assert_eq!(
        (&off["off_because"], &off["description"]),
        (&json!("member"), &Value::Null)
    );
    play.owner
        .patch(&endpoint.path, "\"v1\"", &change)
        .await
        .problem(412, "stale_version");
    play.submit(1).await;
    let sentinel = Receiver::start().await;
    make(&play.owner, &sentinel, &["deal.submitted"], &[]).await;
    play.submit(2).await;
    sentinel.messages(1).await;
    play.owner
        .post(&format!("{}/test", endpoint.path), &json!({}))
        .await
        .ok();
    let waiting = play.log(&endpoint, "waiting").await;
    assert_eq!(waiting.len(), 1, "the test alone: {waiting:?}");
    play.owner
        .patch(&endpoint.path, "\"v2\"", &json!({"enabled": true}))
        .await
        .ok();
    assert_eq!(receiver.messages(1).await[0].json()["type"], "webhook.test");
}

/// The program is killed after the receiver has got a message and before it has answered.
#[tokio::test]
async fn what_a_killed_node_had_under_way_is_sent_again_under_the_same_id() {
    let play = Play::set().await;
    let receiver = Receiver::start().await;
    let endpoint = make(&play.owner, &receiver, &["deal.submitted"], &[]).await;
    receiver.plan([Answer::Never]);
    let clock = guildhall_kernel::Clock::manual(play.server.clock.now() + TimeDelta::minutes(5));
    let database = play.server.stop().await;
    let place = Place::new();
    let node = place
        .serve(|command| {
            command
                .env("DATABASE_URL", database.url())
                .env(
                    "GUILDHALL_SECRETS__KEYS",
                    "[\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\"]",
                )
                .env("GUILDHALL_OUTBOUND__ALLOW_PRIVATE_NETWORKS", "true");
        })
        .await;
    let body = json!({"email": "sales@alder.example", "password": crate::support::PASSWORD});
    let login = node.caller(None).post("/api/v1/auth/login", &body).await.ok();
    let rep = node.caller(Some(login["access_token"].as_str().unwrap().to_owned()));
    let deal = deal_body(play.scene.northwind, "Acme", "acme.example");
    rep.post("/api/v1/deals", &deal).await.ok();
    let first = receiver.messages(1).await.remove(0);
    node.kill().await;
    // By its clock, the dead node's lease has run out.
    let server = TestServer::builder()
        .on(&database)
        .clock(clock)
        .config(|config| config.outbound.allow_private_networks = true)
        .start()
        .await;
    let second = receiver.messages(2).await.remove(1);
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    assert_eq!(first.body, second.body);
    let owner = server.login("owner@northwind.example").await;
    until("it is noted once", async || {
        let log = owner.get(&format!("{}/messages", endpoint.path)).await.ok();
        let message = &log["items"][0];
        (message["outcome"] == "delivered" && message["attempts"] == 1).then_some(())
    })
    .await;
}
