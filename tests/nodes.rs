//! Several nodes on one database, with Redis between them and without.

use std::{collections::BTreeSet, sync::Arc};

use guildhall_spine::audit::verify;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Caller, RedisServer, Scene, Socket, TestServer, audited, deal_body, until};

/// So long that whatever arrives did not come by polling.
const NEVER: u64 = 3_600_000;
const OFTEN: u64 = 20;

/// Two nodes on one database.
struct Nodes {
    one: TestServer,
    two: TestServer,
    scene: Scene,
}

impl Nodes {
    async fn start(redis: Option<&RedisServer>, poll_milliseconds: u64) -> Self {
        let builder = || {
            let builder = TestServer::builder().config(|config| config.events.poll_milliseconds = poll_milliseconds);
            match redis {
                Some(redis) => builder.with_redis(redis),
                None => builder,
            }
        };
        let one = builder().start().await;
        let two = builder().on(&one.database).start().await;
        let scene = Scene::set(&one).await;
        if let Some(redis) = redis {
            linked(redis).await;
        }
        Self { one, two, scene }
    }

    /// Alder's rep on the first node, and a socket of Northwind's manager on the second.
    async fn rep_and_listener(&self) -> (Caller, Socket) {
        let rep = self.one.login("sales@alder.example").await;
        let manager = self.two.login("channel_manager@northwind.example").await;
        let mut socket = Socket::open(&manager).await;
        socket.subscribe(None).await;
        (rep, socket)
    }

    async fn register(&self, rep: &Caller, number: usize) -> Value {
        let body = deal_body(
            self.scene.northwind,
            &format!("Customer {number}"),
            &format!("customer{number}.example"),
        );
        rep.post("/api/v1/deals", &body).await.ok()
    }
}

/// Waits until both nodes listen.
async fn linked(redis: &RedisServer) {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut link = client.get_multiplexed_async_connection().await.unwrap();
    until("both nodes listen to Redis", async || {
        let channels: Vec<String> = redis::cmd("PUBSUB")
            .arg("CHANNELS")
            .arg("guildhall:*")
            .query_async(&mut link)
            .await
            .unwrap();
        let counts: Vec<(String, u64)> = redis::cmd("PUBSUB")
            .arg("NUMSUB")
            .arg(&channels)
            .query_async(&mut link)
            .await
            .unwrap();
        counts.iter().any(|(_, count)| *count == 2).then_some(())
    })
    .await;
}

async fn heard(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut subjects = Vec::new();
    for _ in 0..count {
        let event = socket.event().await;
        assert_eq!(event["kind"], "deal.submitted", "{event}");
        subjects.push(event["subject"].clone());
    }
    subjects
}

#[tokio::test]
async fn redis_carries_an_event_to_the_other_node_at_once() {
    let redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), NEVER).await;
    let (rep, mut socket) = nodes.rep_and_listener().await;
    for number in 0..3 {
        let deal = nodes.register(&rep, number).await;
        assert_eq!(heard(&mut socket, 1).await, [deal["id"].clone()]);
    }
}

#[tokio::test]
async fn without_redis_nodes_hear_each_other_by_polling() {
    let nodes = Nodes::start(None, OFTEN).await;
    let (rep, mut socket) = nodes.rep_and_listener().await;
    let deal = nodes.register(&rep, 0).await;
    assert_eq!(heard(&mut socket, 1).await, [deal["id"].clone()]);
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_redis_dies_and_comes_back() {
    let mut redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), OFTEN).await;
    let (rep, mut socket) = nodes.rep_and_listener().await;
    let mut deals = Vec::new();
    for number in 0..18 {
        match number {
            6 => redis.kill(),
            12 => redis.spawn().await,
            _ => {}
        }
        deals.push(nodes.register(&rep, number).await["id"].clone());
    }
    assert_eq!(heard(&mut socket, deals.len()).await, deals);
}

#[tokio::test]
async fn a_hung_redis_delays_no_write_and_loses_no_event() {
    let redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), OFTEN).await;
    let (rep, mut socket) = nodes.rep_and_listener().await;
    redis.hang();
    let mut deals = Vec::new();
    for number in 0..6 {
        deals.push(nodes.register(&rep, number).await["id"].clone());
    }
    assert_eq!(heard(&mut socket, deals.len()).await, deals);
    redis.resume();
    let deal = nodes.register(&rep, 6).await;
    assert_eq!(heard(&mut socket, 1).await, [deal["id"].clone()]);
}

#[tokio::test]
async fn redis_carries_again_when_it_is_back_and_brings_what_was_missed() {
    let mut redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), NEVER).await;
    let (rep, mut socket) = nodes.rep_and_listener().await;
    redis.kill();
    let missed = nodes.register(&rep, 0).await;
    redis.spawn().await;
    assert_eq!(heard(&mut socket, 1).await, [missed["id"].clone()]);
    linked(&redis).await;
    let next = nodes.register(&rep, 1).await;
    assert_eq!(heard(&mut socket, 1).await, [next["id"].clone()]);
}

#[tokio::test]
async fn a_session_that_ends_on_one_node_ends_on_the_other() {
    let redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), NEVER).await;
    let here = nodes.one.login("channel_manager@northwind.example").await;
    let there = Caller::new(nodes.two.address, here.token.clone());
    let other = nodes.two.login("channel_manager@northwind.example").await;
    there.get("/api/v1/me").await.ok();
    let mut ended = Socket::open(&there).await;
    ended.subscribe(None).await;
    let mut kept = Socket::open(&other).await;
    kept.subscribe(None).await;

    let gone = here.post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!(gone.status.as_u16(), 204);
    assert_eq!(ended.closed().await, 4003);
    there.get("/api/v1/me").await.problem(401, "unauthenticated");
    here.get("/api/v1/me").await.problem(401, "unauthenticated");

    other.get("/api/v1/me").await.ok();
    let rep = nodes.one.login("sales@alder.example").await;
    let deal = nodes.register(&rep, 0).await;
    assert_eq!(heard(&mut kept, 1).await, [deal["id"].clone()]);
}

#[tokio::test]
async fn a_member_who_is_removed_on_one_node_is_out_on_the_other() {
    let redis = RedisServer::start().await;
    let nodes = Nodes::start(Some(&redis), NEVER).await;
    let admin = nodes.one.login("admin@northwind.example").await;
    let viewer = nodes.two.login("viewer@northwind.example").await;
    let mut socket = Socket::open(&viewer).await;
    socket.subscribe(None).await;
    viewer.get("/api/v1/deals").await.ok();

    let members = admin.get("/api/v1/members?limit=100").await.ok();
    let member = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|member| member["role"] == "viewer")
        .unwrap();
    let path = format!("/api/v1/members/{}", member["id"].as_str().unwrap());
    let etag = admin.get(&path).await.header("etag");
    let removed = admin
        .send(axum::http::Method::DELETE, &path, &[("if-match", &etag)], "")
        .await;
    assert_eq!(
        removed.status.as_u16(),
        204,
        "{}",
        String::from_utf8_lossy(&removed.body)
    );
    assert_eq!(socket.closed().await, 4003);
    let refused = viewer.get("/api/v1/deals").await;
    assert!(matches!(refused.status.as_u16(), 401 | 403), "{}", refused.status);
}

#[tokio::test]
async fn a_write_repeated_on_another_node_has_one_effect_and_one_answer() {
    let nodes = Nodes::start(None, OFTEN).await;
    let here = nodes.one.login("sales@alder.example").await;
    let there = Caller::new(nodes.two.address, here.token.clone());
    let body = deal_body(nodes.scene.northwind, "Acme", "acme.example");
    let first = here.post_once("/api/v1/deals", "k", &body).await;
    let again = there.post_once("/api/v1/deals", "k", &body).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
    assert_eq!((&first.body, first.header("etag")), (&again.body, again.header("etag")));
    assert_eq!(again.header("idempotency-replayed"), "true");

    let mut calls = JoinSet::new();
    for n in 0..40 {
        let caller = if n % 2 == 0 { here.clone() } else { there.clone() };
        let body = deal_body(nodes.scene.northwind, "Other", "other.example");
        calls.spawn(async move { caller.post_once("/api/v1/deals", "k-2", &body).await });
    }
    let answers = calls.join_all().await;
    let (made, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert!(!made.is_empty());
    assert!(made.iter().all(|answer| answer.body == made[0].body));
    for answer in busy {
        answer.problem(409, "idempotency_in_progress");
    }
    let mut db = nodes.one.database.connect().await;
    assert_eq!(
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM deal")
            .fetch_one(&mut db)
            .await
            .unwrap(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_runs_on_both_nodes_takes_each_event_once() {
    let nodes = Arc::new(Nodes::start(None, OFTEN).await);
    let (here, there) = (
        nodes.one.login("sales@alder.example").await,
        nodes.two.login("sales@birch.example").await,
    );
    let mut calls = JoinSet::new();
    for number in 0..40 {
        let (nodes, caller) = (
            Arc::clone(&nodes),
            if number % 2 == 0 { here.clone() } else { there.clone() },
        );
        calls.spawn(async move { nodes.register(&caller, number).await["id"].as_str().unwrap().to_owned() });
    }
    let deals: BTreeSet<String> = calls.join_all().await.into_iter().collect();
    assert_eq!(deals.len(), 40);
    let mut db = nodes.one.database.connect().await;
    audited(&mut db).await;
    let entries: (i64, i64) = sqlx::query_as(
        "SELECT count(*), count(DISTINCT event_id) FROM audit_entry WHERE org_id = $1 AND kind = 'deal.submitted'",
    )
    .bind(nodes.scene.northwind)
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(entries, (40, 40));
    assert_eq!(verify(nodes.two.app().db.pool(), |_| {}).await.unwrap().faults, []);
}
