//! New passwords, by mail and by the old one, and how often a wrong one may be tried.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Caller, Mailbox, PASSWORD, Scene, TestServer};

const SALES: &str = "sales@alder.example";
const FRESH: &str = "lantern orbit velvet kayak";

async fn ask(server: &TestServer, email: &str) -> Answer {
    server
        .anonymous()
        .post("/api/v1/auth/password-reset", &json!({"email": email}))
        .await
}

async fn reset(caller: &Caller, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "new_password": password});
    caller.post("/api/v1/auth/password-reset/confirm", &body).await
}

async fn change(caller: &Caller, current: &str, new: &str) -> Answer {
    let body = json!({"current_password": current, "new_password": new});
    caller.post("/api/v1/auth/password", &body).await
}

async fn refresh(server: &TestServer, signed_in: &Value) -> Answer {
    let body = json!({"refresh_token": signed_in["refresh_token"]});
    server.anonymous().post("/api/v1/auth/refresh", &body).await
}

fn token_of(server: &TestServer, signed_in: &Value) -> Caller {
    server.with_token(signed_in["access_token"].as_str().unwrap())
}

fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test]
async fn a_new_password_by_mail_ends_every_session_and_voids_every_link() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let anyone = server.anonymous();
    let devices = [
        server.try_login(SALES, PASSWORD).await.ok(),
        server.try_login(SALES, PASSWORD).await.ok(),
    ];
    let other = server.login("admin@alder.example").await;
    let mut mailbox = Mailbox::of(SALES);
    ask(&server, SALES).await.ok();
    let spare = mailbox.letter(&server).await.token();
    ask(&server, SALES).await.ok();
    let token = mailbox.letter(&server).await.token();
    for device in &devices {
        token_of(&server, device).get("/api/v1/me").await.ok();
    }

    for (weak, code) in [
        ("short", "length"),
        ("password123", "common"),
        ("I am in sales", "contains_email"),
    ] {
        let refused = reset(&anyone, &token, weak).await.problem(422, "invalid_body");
        let fault = &refused["errors"][0];
        assert_eq!(
            (&fault["pointer"], &fault["code"]),
            (&json!("/new_password"), &json!(code))
        );
    }
    server.try_login(SALES, PASSWORD).await.ok();

    assert_eq!(reset(&anyone, &token, FRESH).await.status.as_u16(), 204);
    for device in &devices {
        token_of(&server, device)
            .get("/api/v1/me")
            .await
            .problem(401, "unauthenticated");
        refresh(&server, device).await.problem(401, "invalid_refresh_token");
    }
    other.get("/api/v1/me").await.ok();
    server
        .try_login(SALES, PASSWORD)
        .await
        .problem(401, "wrong_credentials");
    server.try_login(SALES, FRESH).await.ok();
    for used in [&token, &spare] {
        reset(&anyone, used, "another fine password")
            .await
            .problem(410, "link_expired");
    }
    server.try_login(SALES, FRESH).await.ok();
    assert_eq!(
        mailbox.letter(&server).await.subject,
        "Your Guildhall password was changed"
    );
}

#[tokio::test]
async fn a_link_to_a_new_password_is_good_for_an_hour() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let anyone = server.anonymous();
    let mut tokens = Vec::new();
    for email in [SALES, "admin@alder.example"] {
        ask(&server, email).await.ok();
        tokens.push(Mailbox::of(email).letter(&server).await.token());
    }
    server.clock.advance(TimeDelta::minutes(60) - TimeDelta::seconds(1));
    assert_eq!(reset(&anyone, &tokens[0], FRESH).await.status.as_u16(), 204);
    server.clock.advance(TimeDelta::seconds(1));
    reset(&anyone, &tokens[1], FRESH).await.problem(410, "link_expired");
    server.try_login("admin@alder.example", PASSWORD).await.ok();
}

#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_sets_the_password() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    ask(&server, SALES).await.ok();
    let token = Mailbox::of(SALES).letter(&server).await.token();
    let mut calls = JoinSet::new();
    for number in 0..6 {
        let (anyone, token) = (server.anonymous(), token.clone());
        calls.spawn(async move {
            let password = format!("{FRESH} {number}");
            (reset(&anyone, &token, &password).await, password)
        });
    }
    let (answers, passwords): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().unzip();
    assert_eq!(statuses(&answers), [204, 410, 410, 410, 410, 410]);
    for (answer, password) in answers.iter().zip(passwords) {
        let login = server.try_login(SALES, &password).await;
        assert_eq!(login.status.is_success(), answer.status.is_success(), "{login:?}");
    }
}

#[tokio::test]
async fn a_new_password_by_the_old_one_keeps_this_device_alone() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let here = server.login(SALES).await;
    let there = server.try_login(SALES, PASSWORD).await.ok();
    for (current, new, pointer) in [
        ("not the password", FRESH, "/current_password"),
        (PASSWORD, PASSWORD, "/new_password"),
        (PASSWORD, "password123", "/new_password"),
        (PASSWORD, "my sales password", "/new_password"),
        (PASSWORD, "short", "/new_password"),
    ] {
        let refused = change(&here, current, new).await.problem(422, "invalid_body");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{new}");
    }
    let mut calls = JoinSet::new();
    for number in 0..4 {
        let here = here.clone();
        calls.spawn(async move { (change(&here, PASSWORD, &format!("{FRESH} {number}")).await, number) });
    }
    let (answers, numbers): (Vec<_>, Vec<_>) = calls.join_all().await.into_iter().unzip();
    assert_eq!(
        statuses(&answers),
        [204, 422, 422, 422],
        "of changes at once one is made"
    );
    let winner = answers.iter().position(|answer| answer.status.is_success()).unwrap();
    here.get("/api/v1/me").await.ok();
    token_of(&server, &there)
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
    refresh(&server, &there).await.problem(401, "invalid_refresh_token");
    server
        .try_login(SALES, PASSWORD)
        .await
        .problem(401, "wrong_credentials");
    server
        .try_login(SALES, &format!("{FRESH} {}", numbers[winner]))
        .await
        .ok();
}

#[tokio::test]
async fn no_log_in_with_the_old_password_survives_the_change() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let mut current = PASSWORD.to_owned();
    for round in 0..5 {
        let signed_in = server.try_login(SALES, &current).await.ok();
        let here = token_of(&server, &signed_in);
        let next = format!("{FRESH} {round}");
        let mut calls = JoinSet::new();
        for _ in 0..8 {
            let (anyone, body) = (server.anonymous(), json!({"email": SALES, "password": current}));
            calls.spawn(async move { anyone.post("/api/v1/auth/login", &body).await });
        }
        let (changed, logins) = tokio::join!(change(&here, &current, &next), calls.join_all());
        assert_eq!(changed.status.as_u16(), 204, "{changed:?}");
        for login in logins.iter().filter(|login| login.status.is_success()) {
            let opened = login.json();
            token_of(&server, &opened)
                .get("/api/v1/me")
                .await
                .problem(401, "unauthenticated");
            refresh(&server, &opened).await.problem(401, "invalid_refresh_token");
        }
        current = next;
    }
}

async fn log_in_from(server: &TestServer, address: &str, email: &str, password: &str) -> Answer {
    let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
    let body = json!({"email": email, "password": password}).to_string();
    server
        .anonymous()
        .send(Method::POST, "/api/v1/auth/login", &headers, body)
        .await
}

#[tokio::test]
async fn wrong_passwords_are_limited_for_an_account_and_for_an_address_on_all_nodes_together() {
    let node = || {
        TestServer::builder().manual_clock().config(|config| {
            config.rate_limit.enabled = true;
            config.rate_limit.login_per_minute = 4;
            config.http.trusted_proxies = vec!["127.0.0.1/32".to_owned()];
        })
    };
    let one = node().start().await;
    let two = node().on(&one.database).clock(one.clock.clone()).start().await;
    Scene::set(&one).await;
    for attempt in 0..4 {
        let address = format!("203.0.113.{attempt}");
        log_in_from(&one, &address, SALES, "not the password")
            .await
            .problem(401, "wrong_credentials");
    }
    let refused = log_in_from(&two, "203.0.113.9", SALES, PASSWORD).await;
    refused.problem(429, "rate_limited");
    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=16).contains(&wait), "{wait}");
    log_in_from(&two, "203.0.113.9", "admin@alder.example", PASSWORD)
        .await
        .ok();

    for attempt in 0..4 {
        let email = format!("guess{attempt}@alder.example");
        log_in_from(&one, "198.51.100.7", &email, "not the password")
            .await
            .problem(401, "wrong_credentials");
    }
    let refused = log_in_from(&two, "198.51.100.7", "admin@alder.example", PASSWORD).await;
    refused.problem(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty());

    one.clock.advance(TimeDelta::seconds(wait));
    log_in_from(&two, "203.0.113.10", SALES, PASSWORD).await.ok();
}

#[tokio::test]
async fn attempts_on_one_node_are_limited_whatever_comes_of_them() {
    let builder = TestServer::builder().config(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.login_per_minute = 1;
    });
    let server = builder.start().await;
    Scene::set(&server).await;
    for path in ["password-reset", "verify-email/resend"] {
        let body = json!({"email": SALES});
        let answer = server.anonymous().post(&format!("/api/v1/auth/{path}"), &body).await;
        assert_eq!(answer.status.as_u16(), 202, "{path}");
        let refused = server.anonymous().post(&format!("/api/v1/auth/{path}"), &body).await;
        refused.problem(429, "rate_limited");
        assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0, "{path}");
    }
    server.try_login(SALES, PASSWORD).await.ok();
    server.try_login(SALES, PASSWORD).await.problem(429, "rate_limited");
    // Colleagues behind the same address are not in each other's way.
    for colleague in ["admin@alder.example", "viewer@northwind.example"] {
        server.try_login(colleague, PASSWORD).await.ok();
    }
}
