//! The live feed of the whole server: who gets in, what they hear, and the same by polling.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Caller, Scene, Socket, TestServer, deal_body};

struct Play {
    server: TestServer,
    scene: Scene,
    manager: Caller,
    rep: Caller,
}

impl Play {
    async fn set() -> Self {
        Self::on(TestServer::start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let scene = Scene::set(&server).await;
        let manager = server.login("channel_manager@northwind.example").await;
        let rep = server.login("sales@alder.example").await;
        Self {
            server,
            scene,
            manager,
            rep,
        }
    }

    async fn register(&self, number: usize) -> Value {
        let body = deal_body(
            self.scene.northwind,
            &format!("Customer {number}"),
            &format!("customer{number}.example"),
        );
        self.rep.post("/api/v1/deals", &body).await.ok()
    }

    async fn ticket(&self) -> String {
        let answer = self.manager.post("/api/v1/live/tickets", &json!({})).await;
        assert_eq!(answer.header("cache-control"), "no-store");
        answer.ok()["ticket"].as_str().unwrap().to_owned()
    }

    async fn open_with(&self, ticket: &str) -> Result<Socket, u16> {
        let path = format!("/api/v1/live?ticket={ticket}");
        Socket::try_open(self.server.address, &path, None)
            .await
            .map(|(socket, _)| socket)
    }

    /// What opening a socket with a ticket answers to a page of `origin`.
    async fn with_ticket(&self, ticket: &str, origin: &str) -> u16 {
        let headers = [
            ("origin", origin),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let path = format!("/api/v1/live?ticket={ticket}");
        self.server
            .anonymous()
            .send(Method::GET, &path, &headers, "")
            .await
            .status
            .as_u16()
    }
}

/// Events until there are as many as wanted; they may take a moment to be final.
async fn polled(caller: &Caller, since: &str, query: &str, count: usize) -> Vec<Value> {
    let path = format!("/api/v1/events?since={since}{query}");
    crate::support::until("the events can be polled", async || {
        let page = caller.get(&path).await.ok();
        assert_eq!(page["recovered"], true, "{page}");
        let items = page["items"].as_array().unwrap().clone();
        (items.len() >= count).then_some(items)
    })
    .await
}

#[tokio::test]
async fn a_socket_needs_credentials_and_a_handshake() {
    let play = Play::set().await;
    play.server
        .anonymous()
        .get("/api/v1/live")
        .await
        .problem(401, "unauthenticated");
    let plain = play.manager.get("/api/v1/live").await;
    plain.problem(426, "upgrade_required");
    assert_eq!(plain.header("sec-websocket-version"), "13");
    play.manager
        .get("/api/v1/live?tickets=1")
        .await
        .problem(400, "invalid_query");
    let headers = [
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
    ];
    let keyless = play.manager.send(Method::GET, "/api/v1/live", &headers, "").await;
    keyless.problem(400, "invalid_handshake");
}

#[tokio::test]
async fn a_ticket_opens_one_socket_within_thirty_seconds() {
    let play = Play::on(TestServer::builder().manual_clock().start().await).await;
    let ticket = play.ticket().await;
    let mut socket = play.open_with(&ticket).await.ok().unwrap();
    assert_eq!(socket.next().await["type"], "hello");
    socket.subscribe(None).await;
    let deal = play.register(1).await;
    assert_eq!(socket.event().await["subject"], deal["id"]);
    assert_eq!(play.open_with(&ticket).await.err(), Some(401), "it is spent");
    assert_eq!(play.open_with("ght_made_up").await.err(), Some(401));
    let late = play.ticket().await;
    play.server.clock.advance(TimeDelta::seconds(31));
    assert_eq!(play.open_with(&late).await.err(), Some(401), "it is too old");
}

#[tokio::test]
async fn a_ticket_is_not_for_pages_of_other_sites_and_survives_what_is_no_socket() {
    let origins = |config: &mut guildhall_spine::config::Config| {
        config.http.cors_origins = vec!["https://portal.example".to_owned()];
    };
    let play = Play::on(TestServer::builder().config(origins).start().await).await;
    let ticket = play.ticket().await;
    assert_eq!(play.with_ticket(&ticket, "https://evil.example").await, 403);
    assert_eq!(play.with_ticket(&ticket, "null").await, 403);
    let no_socket = play
        .server
        .anonymous()
        .get(&format!("/api/v1/live?ticket={ticket}"))
        .await;
    no_socket.problem(426, "upgrade_required");
    assert_eq!(play.with_ticket(&ticket, "https://portal.example").await, 101);
    let own = play.ticket().await;
    assert_eq!(play.with_ticket(&own, "http://guildhall.test").await, 101);
}

#[tokio::test]
async fn a_ticket_of_a_session_that_ended_is_worth_nothing() {
    let play = Play::set().await;
    let ticket = play.ticket().await;
    assert!(
        play.manager
            .post("/api/v1/auth/logout", &json!({}))
            .await
            .status
            .is_success()
    );
    assert_eq!(play.open_with(&ticket).await.err(), Some(401));
}

#[tokio::test]
async fn one_deal_can_be_listened_to_by_its_sides_only() {
    let play = Play::set().await;
    let (first, second) = (play.register(1).await, play.register(2).await);
    let channel = format!("deal:{}", first["id"].as_str().unwrap());
    let follow = json!({"type": "subscribe", "id": "d", "channel": channel});
    for stranger in [
        "channel_manager@southgate.example",
        "sales@birch.example",
        "learner@alder.example",
    ] {
        let mut socket = Socket::open(&play.server.login(stranger).await).await;
        socket.send(&follow).await;
        let answer = socket.next().await;
        assert_eq!(
            (&answer["code"], &answer["id"]),
            (&json!("not_found"), &json!("d")),
            "{stranger} {answer}"
        );
        let made_up = json!({"type": "subscribe", "id": "d", "channel": "deal:deal_01kaqv6r3gf5ht2x0m8c9ezw4n"});
        socket.send(&made_up).await;
        assert_eq!(
            socket.next().await["detail"],
            answer["detail"],
            "another's deal looks like none"
        );
    }
    let mut socket = Socket::open(&play.rep).await;
    socket.send(&follow).await;
    assert_eq!(socket.next().await["type"], "subscribed");
    for deal in [&second, &first] {
        let path = format!("/api/v1/deals/{}/withdraw", deal["id"].as_str().unwrap());
        let etag = play.rep.get(path.trim_end_matches("/withdraw")).await.header("etag");
        play.rep.post_at(&path, &etag, &json!({})).await.ok();
    }
    // Its registration may be on the way still; nothing of the other deal ever is.
    let mut kinds = Vec::new();
    while kinds.last() != Some(&json!("deal.withdrawn")) {
        let event = socket.event().await;
        assert_eq!(event["subject"], first["id"], "{event}");
        kinds.push(event["kind"].clone());
    }
}

#[tokio::test]
async fn polling_and_resuming_give_the_same_events_in_the_same_order() {
    let play = Play::set().await;
    let start = play.manager.get("/api/v1/events").await.ok();
    assert_eq!((&start["items"], &start["recovered"]), (&json!([]), &json!(false)));
    let since = start["position"].as_str().unwrap();
    for number in 0..5 {
        play.register(number).await;
    }
    let items = polled(&play.manager, since, "&topics=deals&channel=org", 5).await;
    let mut socket = Socket::open(&play.manager).await;
    let answer = socket.subscribe(Some(since)).await;
    assert_eq!(
        (&answer["recovered"], &answer["position"]),
        (&json!(true), &json!(since))
    );
    for item in &items {
        let mut event = socket.event().await;
        assert_eq!(event.as_object_mut().unwrap().remove("type"), Some(json!("event")));
        assert_eq!(&event, item);
    }
    let page = play
        .manager
        .get(&format!(
            "/api/v1/events?since={since}&limit=2&topics=deals&channel=org"
        ))
        .await
        .ok();
    assert_eq!(page["more"], true);
    assert_eq!(page["items"].as_array().unwrap(), &items[..2]);
    assert_eq!(page["position"], items[1]["position"]);
    let rest = format!(
        "/api/v1/events?since={}&topics=deals&channel=org",
        items[1]["position"].as_str().unwrap()
    );
    assert_eq!(
        play.manager.get(&rest).await.ok()["items"].as_array().unwrap(),
        &items[2..]
    );
}

#[tokio::test]
async fn polling_is_bounded_by_the_role_and_the_organisation() {
    let play = Play::set().await;
    let since = play.manager.get("/api/v1/events").await.ok()["position"]
        .as_str()
        .unwrap()
        .to_owned();
    let deal = play.register(1).await;
    polled(&play.manager, &since, "", 1).await;
    let about = format!("&channel=deal:{}", deal["id"].as_str().unwrap());
    assert_eq!(polled(&play.rep, &since, &about, 1).await[0]["subject"], deal["id"]);
    for stranger in [
        "channel_manager@southgate.example",
        "sales@birch.example",
        "learner@alder.example",
    ] {
        let stranger = play.server.login(stranger).await;
        let page = stranger
            .get(&format!("/api/v1/events?since={since}&channel=org"))
            .await
            .ok();
        assert_eq!(page["items"], json!([]));
        stranger
            .get(&format!("/api/v1/events?since={since}{about}"))
            .await
            .problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_position_that_can_not_be_gone_on_from_is_said_so() {
    let play = Play::set().await;
    let ahead = "9000000000000000-1";
    let page = play.manager.get(&format!("/api/v1/events?since={ahead}")).await.ok();
    assert_eq!(
        (&page["recovered"], &page["reason"]),
        (&json!(false), &json!("unknown_position"))
    );
    let mut socket = Socket::open(&play.manager).await;
    let answer = socket.subscribe(Some(ahead)).await;
    assert_eq!(
        (&answer["recovered"], &answer["reason"]),
        (&json!(false), &json!("unknown_position"))
    );
    let deal = play.register(1).await;
    assert_eq!(socket.event().await["subject"], deal["id"], "it goes on from now");

    let mut db = play.server.database.connect().await;
    sqlx::query("UPDATE event_epoch SET expired_tx = 5")
        .execute(&mut db)
        .await
        .unwrap();
    let page = play.manager.get("/api/v1/events?since=4-1").await.ok();
    assert_eq!(
        (&page["recovered"], &page["reason"]),
        (&json!(false), &json!("expired"))
    );
    for bad in [
        "since=yesterday",
        "since=1-1&limit=0",
        "since=1-1&topics=gossip",
        "channel=everyone",
        "sinse=1-1",
    ] {
        play.manager
            .get(&format!("/api/v1/events?{bad}"))
            .await
            .problem(400, "invalid_query");
    }
}

#[tokio::test]
async fn more_than_is_replayed_is_said_so() {
    let play = Play::on(
        TestServer::builder()
            .config(|config| config.live.max_replay = 2)
            .start()
            .await,
    )
    .await;
    let since = play.manager.get("/api/v1/events").await.ok()["position"]
        .as_str()
        .unwrap()
        .to_owned();
    for number in 0..3 {
        play.register(number).await;
    }
    let items = polled(&play.manager, &since, "&channel=org&topics=deals", 3).await;
    let mut socket = Socket::open(&play.manager).await;
    let answer = socket.subscribe(Some(&since)).await;
    assert_eq!(
        (&answer["recovered"], &answer["reason"]),
        (&json!(false), &json!("too_many"))
    );
    let mut nearer = Socket::open(&play.manager).await;
    assert_eq!(nearer.subscribe(items[0]["position"].as_str()).await["recovered"], true);
    assert_eq!(nearer.event().await["position"], items[1]["position"]);
}

#[tokio::test]
async fn a_socket_ends_with_its_token_unless_it_gets_a_fresh_one() {
    let play = Play::on(TestServer::builder().manual_clock().start().await).await;
    let mut lapsed = Socket::open(&play.manager).await;
    let mut renewed = Socket::open(&play.manager).await;
    play.server.clock.advance(TimeDelta::minutes(9));
    let fresh = play
        .server
        .login("channel_manager@northwind.example")
        .await
        .token
        .unwrap();
    renewed.send(&json!({"type": "authenticate", "token": fresh})).await;
    assert_eq!(renewed.next().await["type"], "authenticated");
    let another = play.rep.token.clone().unwrap();
    renewed.send(&json!({"type": "authenticate", "token": another})).await;
    assert_eq!(renewed.next().await["code"], "another_actor");
    play.server.clock.advance(TimeDelta::minutes(2));
    assert_eq!(lapsed.closed().await, 4001);
    renewed.subscribe(None).await;
}

#[tokio::test]
async fn a_user_holds_so_many_sockets_and_the_stop_sends_them_away() {
    let play = Play::on(
        TestServer::builder()
            .config(|config| config.live.max_sockets_per_user = 2)
            .start()
            .await,
    )
    .await;
    let mut held = [Socket::open(&play.manager).await, Socket::open(&play.manager).await];
    let token = play.manager.token.as_deref();
    let refused = Socket::try_open(play.server.address, "/api/v1/live", token).await;
    assert_eq!(refused.err(), Some(429));
    let mut other = Socket::open(&play.rep).await;
    let stopped = tokio::spawn(play.server.stop());
    for socket in &mut held {
        assert_eq!(socket.closed().await, 1012);
    }
    assert_eq!(other.closed().await, 1012);
    stopped.await.unwrap();
}
