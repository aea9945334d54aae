//! Sessions as their user sees and ends them, how long they last, and for whom they act.

use axum::http::Method;
use chrono::TimeDelta;
use guildhall_kernel::OrgId;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{Answer, Caller, PASSWORD, Scene, Socket, TestServer, deal_body, join};

const SALES: &str = "sales@alder.example";

async fn refresh(server: &TestServer, signed_in: &Value) -> Answer {
    let body = json!({"refresh_token": signed_in["refresh_token"]});
    server.anonymous().post("/api/v1/auth/refresh", &body).await
}

fn caller(server: &TestServer, signed_in: &Value) -> Caller {
    server.with_token(signed_in["access_token"].as_str().unwrap())
}

async fn sessions(caller: &Caller) -> Vec<Value> {
    let page = caller.get("/api/v1/auth/sessions?limit=100").await.ok();
    page["items"].as_array().unwrap().clone()
}

async fn switch(caller: &Caller, organisation: OrgId) -> Answer {
    let body = json!({"organisation_id": organisation});
    caller.post("/api/v1/auth/switch-org", &body).await
}

/// Nothing of it lets anybody in any more.
async fn has_ended(server: &TestServer, signed_in: &Value) {
    caller(server, signed_in)
        .get("/api/v1/me")
        .await
        .problem(401, "unauthenticated");
    refresh(server, signed_in).await.problem(401, "invalid_refresh_token");
}

#[tokio::test]
async fn a_user_sees_and_ends_their_devices_and_nobody_elses() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let mut devices = Vec::new();
    for name in ["Phone", "Tablet", "Desk"] {
        let headers = [("content-type", "application/json"), ("user-agent", name)];
        let body = json!({"email": SALES, "password": PASSWORD}).to_string();
        let anyone = server.anonymous();
        devices.push(
            anyone
                .send(Method::POST, "/api/v1/auth/login", &headers, body)
                .await
                .ok(),
        );
    }
    let desk = caller(&server, &devices[2]);
    let listed: Vec<_> = sessions(&desk)
        .await
        .iter()
        .map(|one| json!([one["user_agent"], one["current"], one["mfa"], one["ip"]]))
        .collect();
    let expected = ["Desk", "Tablet", "Phone"].map(|name| json!([name, name == "Desk", false, "127.0.0.1"]));
    assert_eq!(listed, expected);

    let phone = format!("/api/v1/auth/sessions/{}", devices[0]["session_id"].as_str().unwrap());
    let colleague = server.login("admin@alder.example").await;
    colleague.delete(&phone).await.problem(404, "not_found");
    assert_eq!(sessions(&colleague).await.len(), 1);
    let mut socket = Socket::open(&caller(&server, &devices[0])).await;
    assert_eq!(desk.delete(&phone).await.status.as_u16(), 204);
    has_ended(&server, &devices[0]).await;
    assert_eq!(socket.closed().await, 4003);
    caller(&server, &devices[1]).get("/api/v1/me").await.ok();
    assert_eq!(sessions(&desk).await.len(), 2);
    desk.delete(&phone).await.problem(404, "not_found");
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_device_of_this_user_alone() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let mut devices = Vec::new();
    for _ in 0..3 {
        devices.push(server.try_login(SALES, PASSWORD).await.ok());
    }
    let colleague = server.login("admin@alder.example").await;
    let mut socket = Socket::open(&caller(&server, &devices[1])).await;
    let out = caller(&server, &devices[0])
        .post("/api/v1/auth/logout-everywhere", &json!({}))
        .await;
    assert_eq!(out.status.as_u16(), 204, "{out:?}");
    for device in &devices {
        has_ended(&server, device).await;
    }
    assert_eq!(socket.closed().await, 4003);
    colleague.get("/api/v1/me").await.ok();
    assert_eq!(sessions(&server.login(SALES).await).await.len(), 1);
}

#[tokio::test]
async fn a_refresh_and_a_log_out_at_the_same_instant_leave_nothing_alive() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    for _ in 0..5 {
        let signed_in = server.try_login(SALES, PASSWORD).await.ok();
        let me = caller(&server, &signed_in);
        let mut calls = JoinSet::new();
        for _ in 0..6 {
            let (anyone, body) = (server.anonymous(), json!({"refresh_token": signed_in["refresh_token"]}));
            calls.spawn(async move { anyone.post("/api/v1/auth/refresh", &body).await });
        }
        let none = json!({});
        let (out, refreshed) = tokio::join!(me.post("/api/v1/auth/logout", &none), calls.join_all());
        assert_eq!(out.status.as_u16(), 204, "{out:?}");
        for answer in &refreshed {
            match answer.status.as_u16() {
                200 => has_ended(&server, &answer.json()).await,
                _ => drop(answer.problem(401, "invalid_refresh_token")),
            }
        }
        has_ended(&server, &signed_in).await;
    }
}

#[tokio::test]
async fn a_device_that_is_not_used_for_thirty_days_has_to_log_in_again() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let used = server.try_login(SALES, PASSWORD).await.ok();
    let idle = server.try_login(SALES, PASSWORD).await.ok();
    server.clock.advance(TimeDelta::days(30) - TimeDelta::seconds(1));
    let used = refresh(&server, &used).await.ok();
    assert_eq!(sessions(&caller(&server, &used)).await.len(), 2);
    server.clock.advance(TimeDelta::seconds(1));
    refresh(&server, &idle).await.problem(401, "invalid_refresh_token");
    assert_eq!(sessions(&caller(&server, &used)).await.len(), 1);
    refresh(&server, &used).await.ok();
}

#[tokio::test]
async fn a_device_in_use_has_to_log_in_again_after_half_a_year() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let start = server.clock.now();
    let mut device = server.try_login(SALES, PASSWORD).await.ok();
    for _ in 0..6 {
        server.clock.advance(TimeDelta::days(29));
        device = refresh(&server, &device).await.ok();
        assert_eq!(device["expires_in"], 600);
    }
    let last = start + TimeDelta::days(180) - TimeDelta::minutes(5);
    server.clock.advance(last - server.clock.now());
    let device = refresh(&server, &device).await.ok();
    let left = device["expires_in"].as_i64().unwrap();
    assert!(
        (299..=300).contains(&left),
        "a token does not outlive its session: {left}"
    );
    server.clock.advance(TimeDelta::seconds(298));
    caller(&server, &device).get("/api/v1/me").await.ok();
    server.clock.advance(TimeDelta::seconds(2));
    has_ended(&server, &device).await;
    server.try_login(SALES, PASSWORD).await.ok();
}

#[tokio::test]
async fn one_acts_for_another_of_ones_own_organisations_and_for_no_other() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let birch = server.login("admin@birch.example").await;
    join(&server, &birch, SALES, "technical").await;
    let body = json!({"email": SALES, "password": PASSWORD, "organisation_id": scene.alder});
    let signed_in = server.anonymous().post("/api/v1/auth/login", &body).await.ok();
    let at_alder = caller(&server, &signed_in);
    let deal = at_alder
        .post("/api/v1/deals", &deal_body(scene.northwind, "Acme", "acme.example"))
        .await
        .header("location");

    switch(&at_alder, scene.cedar).await.problem(404, "not_found");
    switch(&at_alder, scene.northwind).await.problem(404, "not_found");
    let elsewhere = json!({"email": SALES, "password": PASSWORD, "organisation_id": scene.cedar});
    let refused = server.anonymous().post("/api/v1/auth/login", &elsewhere).await;
    refused.problem(404, "not_found");

    let switched = switch(&at_alder, scene.birch).await;
    assert_eq!(switched.header("cache-control"), "no-store");
    let switched = switched.ok();
    assert_eq!(
        json!([switched["organisation"]["role"], switched["session_id"]]),
        json!(["technical", signed_in["session_id"]])
    );
    let at_birch = caller(&server, &switched);
    at_birch.get(&deal).await.problem(404, "not_found");
    at_birch
        .post("/api/v1/deals", &deal_body(scene.northwind, "Beta", "beta.example"))
        .await
        .problem(403, "forbidden");
    at_alder.get(&deal).await.ok();
    let refreshed = refresh(&server, &signed_in).await.ok();
    assert_eq!(
        refreshed["organisation"]["id"],
        json!(scene.birch),
        "a refresh stays there"
    );
    let again = server.try_login(SALES, PASSWORD).await.ok();
    assert_eq!(
        again["organisation"]["id"],
        json!(scene.birch),
        "and so does the next log-in"
    );
}

/// Opens a socket by a ticket of this caller's.
async fn by_ticket(server: &TestServer, ticket: &str) -> Result<Socket, u16> {
    let path = format!("/api/v1/live?ticket={ticket}");
    let (mut socket, _) = Socket::try_open(server.address, &path, None).await?;
    assert_eq!(socket.next().await["type"], "hello");
    Ok(socket)
}

async fn ticket(caller: &Caller) -> String {
    let ticket = caller.post("/api/v1/live/tickets", &json!({})).await.ok();
    ticket["ticket"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_ticket_shown_many_times_at_once_opens_one_socket() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let ticket = ticket(&server.login(SALES).await).await;
    let mut calls = JoinSet::new();
    for _ in 0..6 {
        let (address, path) = (server.address, format!("/api/v1/live?ticket={ticket}"));
        calls.spawn(async move { Socket::try_open(address, &path, None).await.map(drop) });
    }
    let mut outcomes = calls.join_all().await;
    outcomes.sort_unstable();
    assert_eq!(outcomes, [Ok(()), Err(401), Err(401), Err(401), Err(401), Err(401)]);
}

#[tokio::test]
async fn a_ticket_and_its_socket_stay_with_the_organisation_that_it_was_made_for() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let birch = server.login("admin@birch.example").await;
    join(&server, &birch, SALES, "sales").await;
    let body = json!({"email": SALES, "password": PASSWORD, "organisation_id": scene.alder});
    let signed_in = server.anonymous().post("/api/v1/auth/login", &body).await.ok();
    let at_alder = caller(&server, &signed_in);
    let made = ticket(&at_alder).await;
    let at_birch = caller(&server, &switch(&at_alder, scene.birch).await.ok());
    let mut of_alder = by_ticket(&server, &made).await.ok().unwrap();
    let mut of_birch = by_ticket(&server, &ticket(&at_birch).await).await.ok().unwrap();
    of_alder.subscribe(None).await;
    of_birch.subscribe(None).await;
    let mut subjects = Vec::new();
    for (number, seller) in [&at_birch, &at_alder, &at_birch, &at_alder].into_iter().enumerate() {
        let body = deal_body(
            scene.northwind,
            &format!("Customer {number}"),
            &format!("customer{number}.example"),
        );
        subjects.push(seller.post("/api/v1/deals", &body).await.ok()["id"].clone());
    }
    for (socket, own) in [(&mut of_alder, [1, 3]), (&mut of_birch, [0, 2])] {
        for number in own {
            assert_eq!(socket.event().await["subject"], subjects[number]);
        }
    }
}
