//! API keys: what a program may do for its organisation, for how long, and who learns its secret.

use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{Caller, Scene, Socket, TestServer, deal_body};

/// A key of the organisation that `leader` acts for, and a caller that has it.
async fn make(server: &TestServer, leader: &Caller, scopes: &[&str]) -> (Value, Caller) {
    let made = leader
        .post("/api/v1/api-keys", &json!({"name": "CRM sync", "scopes": scopes}))
        .await
        .ok();
    let caller = server.with_token(made["secret"].as_str().unwrap());
    (made["key"].clone(), caller)
}

fn path(key: &Value) -> String {
    format!("/api/v1/api-keys/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_secret_is_shown_once() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let made = owner
        .post(
            "/api/v1/api-keys",
            &json!({"name": "CRM sync", "scopes": ["deals:read"]}),
        )
        .await;
    assert_eq!(
        (made.status.as_u16(), made.header("cache-control")),
        (201, "no-store".to_owned())
    );
    let made = made.json();
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("ghk_") && secret.len() > 40, "{secret}");
    assert_eq!(made["key"]["hint"], secret[..8]);

    let list = owner.get("/api/v1/api-keys").await;
    assert_eq!(list.ok()["items"], json!([made["key"]]));
    assert!(!String::from_utf8_lossy(&list.body).contains(&secret[8..]));
    let mut db = server.database.connect().await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT to_jsonb(k)::text FROM api_key k UNION ALL SELECT to_jsonb(e)::text FROM event e
         UNION ALL SELECT to_jsonb(a)::text FROM audit_entry a",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    assert!(tables.iter().any(|row| row.contains("api_key.created")));
    assert!(
        tables.iter().all(|row| !row.contains(&secret[8..])),
        "it is kept nowhere"
    );
}

#[tokio::test]
async fn a_key_may_do_what_its_scopes_say_for_its_organisation_and_nothing_else() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (alder, cedar) = (
        server.login("sales@alder.example").await,
        server.login("sales@cedar.example").await,
    );
    let own = alder
        .post("/api/v1/deals", &deal_body(scene.northwind, "Own", "own.example"))
        .await
        .header("location");
    let foreign = cedar
        .post(
            "/api/v1/deals",
            &deal_body(scene.southgate, "Foreign", "foreign.example"),
        )
        .await
        .header("location");
    let owner = server.login("owner@northwind.example").await;
    let (key, program) = make(&server, &owner, &["deals:read"]).await;

    let seen = program.get("/api/v1/deals").await.ok();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    let etag = program.etag(&own).await;
    program.get(&foreign).await.problem(404, "not_found");
    let approve = format!("{own}/approve");
    program
        .post_at(&approve, &etag, &json!({}))
        .await
        .problem(403, "forbidden");
    for closed in [
        "/api/v1/members",
        "/api/v1/partnerships",
        "/api/v1/audit",
        "/api/v1/organisation",
    ] {
        program.get(closed).await.problem(403, "forbidden");
    }
    let me = program.get("/api/v1/me").await.ok();
    assert_eq!(
        json!([
            me["user"],
            me["api_key"]["id"],
            me["organisation"]["id"],
            me["permissions"]
        ]),
        json!([null, key["id"], scene.northwind, ["deals:read"]])
    );
    let (_, decider) = make(&server, &owner, &["deals:read", "deals:decide"]).await;
    decider.post_at(&approve, &etag, &json!({})).await.ok();
}

#[tokio::test]
async fn nobody_gives_a_key_more_than_they_have_and_a_key_makes_none() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    for (scopes, pointer, code) in [
        (json!([]), "/scopes", "length"),
        (json!(["deals:everything"]), "/scopes/0", "unknown"),
        (json!(["deals:read", "deals:read"]), "/scopes/1", "repeated"),
        (json!(["deals:read", "deals:submit"]), "/scopes/1", "not_granted"),
        (json!(["members:manage"]), "/scopes/0", "persons_only"),
        (json!(["api_keys:manage"]), "/scopes/0", "persons_only"),
    ] {
        let refused = owner
            .post("/api/v1/api-keys", &json!({"name": "k", "scopes": scopes}))
            .await
            .problem(422, "invalid_body");
        let fault = &refused["errors"][0];
        assert_eq!((&fault["pointer"], &fault["code"]), (&json!(pointer), &json!(code)));
    }
    let body = json!({"name": "k", "scopes": ["deals:read"]});
    let (key, program) = make(&server, &owner, &["organisation:manage", "members:read", "deals:read"]).await;
    let manager = server.login("channel_manager@northwind.example").await;
    for caller in [&manager, &program] {
        caller.post("/api/v1/api-keys", &body).await.problem(403, "forbidden");
        caller.get("/api/v1/api-keys").await.problem(403, "forbidden");
        caller.delete(&path(&key)).await.problem(403, "forbidden");
    }
    for persons_own in [
        "auth/totp",
        "auth/password",
        "auth/logout",
        "auth/switch-org",
        "live/tickets",
    ] {
        let answer = program.post(&format!("/api/v1/{persons_own}"), &json!({})).await;
        assert!(matches!(answer.status.as_u16(), 403 | 422), "{persons_own} {answer:?}");
    }
    let invitation = json!({"email": "mallory@evil.example", "role": "viewer"});
    program
        .post("/api/v1/invitations", &invitation)
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn a_key_ends_at_its_time() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let now = server.clock.now();
    let body = |end| json!({"name": "k", "scopes": ["deals:read"], "expires_at": end});
    let refused = owner.post("/api/v1/api-keys", &body(now)).await;
    assert_eq!(
        refused.problem(422, "invalid_body")["errors"][0]["pointer"],
        "/expires_at"
    );
    let made = owner
        .post("/api/v1/api-keys", &body(now + TimeDelta::hours(1)))
        .await
        .ok();
    let program = server.with_token(made["secret"].as_str().unwrap());
    let (_, lasting) = make(&server, &owner, &["deals:read"]).await;
    let mut socket = Socket::open(&program).await;
    server.clock.advance(TimeDelta::hours(1) - TimeDelta::seconds(1));
    program.get("/api/v1/deals").await.ok();
    server.clock.advance(TimeDelta::seconds(1));
    program.get("/api/v1/deals").await.problem(401, "unauthenticated");
    assert_eq!(socket.closed().await, 4001);
    server.clock.advance(TimeDelta::days(3650));
    lasting.get("/api/v1/deals").await.ok();
}

#[tokio::test]
async fn a_revoked_key_is_worth_nothing_at_once() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let (key, program) = make(&server, &owner, &["deals:read"]).await;
    let (_, other) = make(&server, &owner, &["deals:read"]).await;
    program.get("/api/v1/deals").await.ok();
    let mut socket = Socket::open(&program).await;
    for stranger in ["owner@southgate.example", "admin@alder.example"] {
        let stranger = server.login(stranger).await;
        stranger.delete(&path(&key)).await.problem(404, "not_found");
        assert_eq!(stranger.get("/api/v1/api-keys").await.ok()["items"], json!([]));
    }
    program.get("/api/v1/deals").await.ok();
    for _ in 0..2 {
        assert_eq!(owner.delete(&path(&key)).await.status.as_u16(), 204);
        program.get("/api/v1/deals").await.problem(401, "unauthenticated");
    }
    assert_eq!(socket.closed().await, 4003);
    let token = program.token.as_deref();
    let refused = Socket::try_open(server.address, "/api/v1/live", token).await;
    assert_eq!(refused.err(), Some(401));
    other.get("/api/v1/deals").await.ok();
    let list = owner.get("/api/v1/api-keys").await.ok();
    let listed = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == key["id"]);
    assert!(listed.unwrap()["revoked_at"].is_string());
}

#[tokio::test]
async fn a_key_outlives_the_membership_of_its_maker() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let (owner, admin) = (
        server.login("owner@northwind.example").await,
        server.login("admin@northwind.example").await,
    );
    let (key, program) = make(&server, &admin, &["deals:read"]).await;
    let members = owner.get("/api/v1/members?limit=100").await.ok();
    let maker = members["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["role"] == "admin");
    let maker = format!("/api/v1/members/{}", maker.unwrap()["id"].as_str().unwrap());
    assert_eq!(owner.delete(&maker).await.status.as_u16(), 204);
    program.get("/api/v1/deals").await.ok();
    assert_eq!(owner.delete(&path(&key)).await.status.as_u16(), 204);
    program.get("/api/v1/deals").await.problem(401, "unauthenticated");
}
