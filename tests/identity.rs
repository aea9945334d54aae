//! Sessions and tokens as a client has them.

use chrono::Duration;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Caller, Scene, TestServer};

const PASSWORD: &str = "a fine test password";

async fn log_in(caller: &Caller, email: &str, password: &str) -> crate::support::Answer {
    caller
        .post("/api/v1/auth/login", &json!({"email": email, "password": password}))
        .await
}

async fn refresh(caller: &Caller, token: &Value) -> crate::support::Answer {
    caller
        .post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
        .await
}

#[tokio::test]
async fn refreshes_at_once_get_one_successor_and_a_token_reused_late_ends_the_session() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let anyone = server.anonymous();
    let first = log_in(&anyone, "sales@alder.example", PASSWORD).await.ok();
    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let (anyone, token) = (anyone.clone(), first["refresh_token"].clone());
        calls.spawn(async move { refresh(&anyone, &token).await.ok()["refresh_token"].clone() });
    }
    let successors = calls.join_all().await;
    assert!(
        successors
            .iter()
            .all(|token| *token == successors[0] && *token != first["refresh_token"])
    );
    let second = refresh(&anyone, &successors[0]).await.ok();
    let mine = server.with_token(second["access_token"].as_str().unwrap());
    mine.get("/api/v1/me").await.ok();

    server.clock.advance(Duration::seconds(31));
    refresh(&anyone, &first["refresh_token"])
        .await
        .problem(401, "invalid_refresh_token");
    refresh(&anyone, &second["refresh_token"])
        .await
        .problem(401, "invalid_refresh_token");
    mine.get("/api/v1/me").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_access_token_ends_with_its_time_and_with_its_session() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let (here, there) = (
        server.login("sales@alder.example").await,
        server.login("sales@alder.example").await,
    );
    here.post("/api/v1/auth/logout", &json!({})).await.ok();
    here.get("/api/v1/me").await.problem(401, "unauthenticated");
    there.get("/api/v1/me").await.ok();
    there.post("/api/v1/auth/logout-everywhere", &json!({})).await.ok();
    there.get("/api/v1/me").await.problem(401, "unauthenticated");
    let later = server.login("sales@alder.example").await;
    server.clock.advance(Duration::seconds(601));
    later.get("/api/v1/me").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_refused_log_in_does_not_tell_whether_the_account_exists() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let anyone = server.anonymous();
    let wrong = log_in(&anyone, "sales@alder.example", "not the password")
        .await
        .problem(401, "wrong_credentials");
    let unknown = log_in(&anyone, "nobody@alder.example", "not the password")
        .await
        .problem(401, "wrong_credentials");
    sqlx::query("UPDATE user_account SET status = 'suspended' WHERE email = 'finance@alder.example'")
        .execute(&mut server.database.connect().await)
        .await
        .unwrap();
    let suspended = log_in(&anyone, "finance@alder.example", PASSWORD)
        .await
        .problem(401, "wrong_credentials");
    let without_id = |mut problem: Value| {
        problem.as_object_mut().unwrap().remove("request_id");
        problem
    };
    let (wrong, unknown, suspended) = (without_id(wrong), without_id(unknown), without_id(suspended));
    assert_eq!(wrong, unknown);
    assert_eq!(wrong, suspended);
}

#[tokio::test]
async fn a_changed_role_holds_at_once() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let manager = server.login("channel_manager@northwind.example").await;
    manager.get("/api/v1/members").await.ok();
    let members = owner.get("/api/v1/members?limit=100").await.ok();
    let items = members["items"].as_array().unwrap();
    let id = items.iter().find(|one| one["role"] == "channel_manager").unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/api/v1/members/{id}");
    let etag = owner.get(&path).await.header("etag");
    owner.patch(&path, &etag, &json!({"role": "viewer"})).await.ok();
    manager.get("/api/v1/members").await.problem(403, "forbidden");
    let etag = owner.get(&path).await.header("etag");
    let gone = owner
        .send(axum::http::Method::DELETE, &path, &[("if-match", &etag)], "")
        .await;
    assert_eq!(gone.status.as_u16(), 204, "{gone:?}");
    manager.get("/api/v1/me").await.problem(401, "unauthenticated");
}
