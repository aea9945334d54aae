//! What nobody does by intention: headers twice, `null` for what always is, changes that change nothing, numbers in
//! odd spelling, guessing on every node at once.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

use crate::support::{Caller, Mailbox, PASSWORD, Scene, Socket, TestServer, audited, deal_body};

/// A deal of Alder's with Northwind.
async fn deal(server: &TestServer, scene: &Scene) -> (Caller, String) {
    let rep = server.login("sales@alder.example").await;
    let made = rep
        .post("/api/v1/deals", &deal_body(scene.northwind, "Acme", "acme.example"))
        .await;
    made.ok();
    (rep, made.header("location"))
}

async fn partnership(manager: &Caller) -> String {
    let list = manager.get("/api/v1/partnerships").await.ok();
    format!("/api/v1/partnerships/{}", list["items"][0]["id"].as_str().unwrap())
}

async fn events(server: &TestServer) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM event")
        .fetch_one(&mut server.database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_header_that_comes_twice_is_refused_by_name() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (rep, path) = deal(&server, &scene).await;
    let token = format!("Bearer {}", rep.token.as_deref().unwrap());
    let nobody = server.anonymous();
    let good = [
        ("authorization", token.as_str()),
        ("content-type", "application/json"),
        ("if-match", "\"v1\""),
        ("idempotency-key", "k"),
    ];
    let change = json!({"note": "twice"}).to_string();
    let twice = [
        ("authorization", "Bearer x"),
        ("content-type", "text/plain"),
        ("if-match", "\"v9\""),
        ("idempotency-key", "other"),
        ("host", "elsewhere.example"),
    ];
    for (name, value) in twice {
        for first in [true, false] {
            let mut headers = good.to_vec();
            let place = if first { 0 } else { headers.len() };
            headers.insert(place, (name, value));
            let problem = nobody
                .send(Method::PATCH, &path, &headers, change.clone())
                .await
                .problem(400, "duplicate_header");
            assert_eq!(problem["header"], name);
            assert!(problem["detail"].as_str().unwrap().contains(name), "{problem}");
        }
    }
    // A list may stand on several lines.
    let headers = [
        ("authorization", token.as_str()),
        ("if-none-match", "\"v8\""),
        ("if-none-match", "\"v1\""),
    ];
    let unchanged = nobody.send(Method::GET, &path, &headers, "").await;
    assert_eq!(unchanged.status.as_u16(), 304);
    nobody.send(Method::PATCH, &path, &good, change).await.ok();
}

#[tokio::test]
async fn what_always_has_a_value_can_not_be_cleared() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (rep, deal) = deal(&server, &scene).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let owner = server.login("owner@northwind.example").await;
    let members = owner.get("/api/v1/members?limit=100").await.ok();
    let member = format!("/api/v1/members/{}", members["items"][0]["id"].as_str().unwrap());
    let before = events(&server).await;
    let fields: [(&Caller, String, &[&str]); 5] = [
        (
            &rep,
            deal,
            &[
                "/customer",
                "/customer/name",
                "/customer/country",
                "/products",
                "/currency",
                "/expected_close",
                "/contacts",
            ],
        ),
        (&rep, "/api/v1/me".to_owned(), &["/name", "/locale"]),
        (&owner, "/api/v1/organisation".to_owned(), &["/name", "/country"]),
        (&manager, partnership(&manager).await, &["/status", "/tier"]),
        (&owner, member, &["/role"]),
    ];
    for (caller, path, pointers) in fields {
        let etag = caller.etag(&path).await;
        for pointer in pointers {
            let mut parts = pointer[1..].rsplit('/');
            let last = json!({parts.next().unwrap(): null});
            let body = parts.fold(last, |body, part| json!({part: body}));
            let problem = caller.patch(&path, &etag, &body).await.problem(422, "invalid_body");
            assert_eq!(problem["errors"][0]["pointer"], *pointer, "{path}: {problem}");
        }
        assert_eq!(caller.etag(&path).await, etag);
    }
    assert_eq!(events(&server).await, before);
}

#[tokio::test]
async fn a_change_that_changes_nothing_is_none() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let (rep, path) = deal(&server, &scene).await;
    let manager = server.login("channel_manager@northwind.example").await;
    let owner = server.login("owner@northwind.example").await;
    let sent = deal_body(scene.northwind, "Acme", "acme.example");
    let mut same = sent.clone();
    same.as_object_mut().unwrap().remove("vendor_id");
    // Said in other words.
    same["customer"]["domain"] = "https://www.ACME.example/".into();
    same["customer"]["name"] = " Acme ".into();
    same["products"][0]["quantity"] = "3.0".into();
    let me = rep.get("/api/v1/me").await.ok()["user"].clone();
    let company = owner.get("/api/v1/organisation").await.ok();
    let bodies: [(&Caller, String, Value); 4] = [
        (&rep, path.clone(), same),
        (
            &rep,
            "/api/v1/me".to_owned(),
            json!({"name": me["name"], "locale": me["locale"]}),
        ),
        (
            &owner,
            "/api/v1/organisation".to_owned(),
            json!({"name": company["name"], "country": company["country"], "domain": company["domain"]}),
        ),
        (
            &manager,
            partnership(&manager).await,
            json!({"status": "active", "tier": "registered", "account_manager_id": null}),
        ),
    ];
    let before = events(&server).await;
    for (caller, path, same) in bodies {
        let etag = caller.etag(&path).await;
        for body in [json!({}), same] {
            let answer = caller.patch(&path, &etag, &body).await;
            answer.ok();
            assert_eq!(answer.header("etag"), etag, "{path}: {body}");
        }
        caller
            .patch(&path, "\"v99\"", &json!({}))
            .await
            .problem(412, "stale_version");
    }
    assert_eq!(events(&server).await, before, "nothing happened");

    // What does change one thing still does.
    for other in [
        json!({"products": [{"name": "Gateway", "quantity": "4", "unit_amount": "1200.50"}]}),
        json!({"contacts": []}),
        json!({"customer": {"domain": null}}),
        json!({"note": "Now."}),
        json!({"note": null}),
    ] {
        let etag = rep.etag(&path).await;
        let answer = rep.patch(&path, &etag, &other).await;
        answer.ok();
        assert_ne!(answer.header("etag"), etag, "{other}");
    }
    // An answer to a question may be that nothing changes.
    let etag = manager.etag(&path).await;
    let question = json!({"question": "Really?"});
    manager
        .post_at(&format!("{path}/request-info"), &etag, &question)
        .await
        .ok();
    let answered = rep.patch(&path, &rep.etag(&path).await, &json!({})).await.ok();
    assert_eq!(answered["status"], "submitted");
}

#[tokio::test]
async fn a_number_has_one_spelling() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let mut body = deal_body(scene.northwind, "Acme", "acme.example");
    for odd in [
        "1.", ".5", "00001", "01.5", "+1", "1e3", "-1", "1,5", "1_0", " 1", "0x1", "\u{661}",
    ] {
        for field in ["quantity", "unit_amount"] {
            let mut body = body.clone();
            body["products"][0][field] = odd.into();
            let problem = rep.post("/api/v1/deals", &body).await.problem(422, "invalid_body");
            let error = &problem["errors"][0];
            assert_eq!(error["pointer"], format!("/products/0/{field}"), "{odd:?}");
            assert_eq!(error["code"], "decimal", "{odd:?}");
        }
    }
    body["products"][0]["quantity"] = "0.5".into();
    body["products"][0]["unit_amount"] = "10".into();
    assert_eq!(rep.post("/api/v1/deals", &body).await.ok()["amount"], "5.00");
}

/// The kinds of the events that the caller hears by polling.
async fn heard(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller
        .get(&format!("/api/v1/events?since=0-0&limit=500{query}"))
        .await
        .ok();
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|event| event["kind"].as_str().unwrap().to_owned())
        .filter(|kind| kind.starts_with("api_key.") || kind.starts_with("invitation."))
        .collect()
}

#[tokio::test]
async fn of_api_keys_only_those_hear_who_may_manage_them() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    // May see members, but not API keys.
    let manager = server.login("channel_manager@northwind.example").await;
    let mut sockets = Vec::new();
    for caller in [&owner, &manager] {
        for topics in [Value::Null, json!(["organisation"]), json!(["deals"])] {
            let mut socket = Socket::open(caller).await;
            let mut frame = json!({"type": "subscribe", "id": "s", "channel": "org"});
            if !topics.is_null() {
                frame["topics"] = topics;
            }
            socket.send(&frame).await;
            assert_eq!(socket.next().await["type"], "subscribed");
            sockets.push(socket);
        }
    }
    let key = json!({"name": "k", "scopes": ["deals:read"]});
    let made = owner.post("/api/v1/api-keys", &key).await.ok();
    let revoked = owner
        .delete(&format!("/api/v1/api-keys/{}", made["key"]["id"].as_str().unwrap()))
        .await;
    assert_eq!(revoked.status.as_u16(), 204);
    // What comes after it shows that nothing is still on its way.
    let invited = json!({"email": "new@northwind.example", "role": "viewer"});
    owner.post("/api/v1/invitations", &invited).await.ok();
    audited(&mut server.database.connect().await).await;

    let all = ["api_key.created", "api_key.revoked", "invitation.created"];
    for query in ["", "&topics=organisation", "&channel=org"] {
        assert_eq!(heard(&owner, query).await, all, "{query}");
        assert_eq!(heard(&manager, query).await, ["invitation.created"], "{query}");
    }
    assert!(heard(&owner, "&topics=deals").await.is_empty());
    for (place, expected) in [(0, &all[..]), (1, &all[..]), (3, &all[2..]), (4, &all[2..])] {
        for kind in expected {
            assert_eq!(sockets[place].event().await["kind"], *kind, "socket {place}");
        }
    }
    let mut late = Socket::open(&manager).await;
    let subscribe =
        json!({"type": "subscribe", "id": "s", "channel": "org", "topics": ["organisation"], "since": "0-0"});
    late.send(&subscribe).await;
    assert_eq!(late.event().await["kind"], "invitation.created", "replayed");
}

#[tokio::test]
async fn guessing_on_every_node_at_once_wins_nothing() {
    let limited = || {
        TestServer::builder().manual_clock().config(|config| {
            config.rate_limit.enabled = true;
            config.rate_limit.login_per_minute = 6;
            config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
        })
    };
    let one = limited().start().await;
    Scene::set(&one).await;
    let other = limited().on(&one.database).start().await;
    let guess = async |server: &TestServer, address: &str, email: &str, password: &str| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", address)];
        let body = json!({"email": email, "password": password}).to_string();
        server
            .anonymous()
            .send(Method::POST, "/api/v1/auth/login", &headers, body)
            .await
    };
    let wrong = "not the password";
    // Many accounts from one address, one of them unknown; and one account from many addresses.
    for role in ["admin", "sales", "marketing", "technical", "finance", "nobody"] {
        let email = format!("{role}@birch.example");
        let answer = guess(&one, "203.0.113.1", &email, wrong).await;
        answer.problem(401, "wrong_credentials");
    }
    for host in 10..16 {
        let answer = guess(&one, &format!("203.0.113.{host}"), "sales@alder.example", wrong).await;
        answer.problem(401, "wrong_credentials");
    }
    for (address, email) in [
        ("203.0.113.1", "sales@cedar.example"),
        ("203.0.113.2", "sales@alder.example"),
    ] {
        let refused = guess(&other, address, email, PASSWORD).await;
        refused.problem(429, "rate_limited");
        let wait: i64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=11).contains(&wait), "{wait}");
    }
    guess(&other, "203.0.113.2", "sales@cedar.example", PASSWORD).await.ok();
    other.clock.advance(TimeDelta::seconds(11));
    guess(&other, "203.0.113.1", "admin@cedar.example", PASSWORD).await.ok();
    guess(&other, "203.0.113.2", "sales@alder.example", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_new_password_by_mail_wins_no_new_guesses() {
    let server = TestServer::builder().manual_clock().start().await;
    Scene::set(&server).await;
    let email = "sales@alder.example";
    let me = server.login(email).await;
    let started = me.post("/api/v1/auth/totp", &json!({"password": PASSWORD})).await.ok();
    let secret = Secret::try_from_base32(started["secret"].as_str().unwrap()).unwrap();
    let authenticator = Builder::new()
        .with_secret(secret)
        .with_account_name("me")
        .build()
        .unwrap();
    let code = || {
        let now = server.clock.now().timestamp();
        json!(authenticator.generate(now.try_into().unwrap()).to_string())
    };
    me.post("/api/v1/auth/totp/confirm", &json!({"code": code()}))
        .await
        .ok();
    server.clock.advance(TimeDelta::seconds(30));
    sqlx::query("UPDATE totp_factor SET locked_until = $1")
        .bind(server.clock.now() + TimeDelta::hours(20))
        .execute(&mut server.database.connect().await)
        .await
        .unwrap();
    let log_in = async |password: &str| {
        let anyone = server.anonymous();
        let body = json!({"email": email, "password": password});
        let challenge = anyone.post("/api/v1/auth/login", &body).await.ok()["mfa_token"].clone();
        let second = json!({"mfa_token": challenge, "code": code()});
        anyone.post("/api/v1/auth/login/mfa", &second).await
    };
    log_in(PASSWORD).await.problem(429, "second_factor_locked");
    me.post(
        "/api/v1/auth/totp/recovery-codes",
        &json!({"password": PASSWORD, "code": code()}),
    )
    .await
    .problem(429, "second_factor_locked");

    let anyone = server.anonymous();
    let mut mailbox = Mailbox::of(email);
    mailbox.letters(&server).await;
    anyone
        .post("/api/v1/auth/password-reset", &json!({"email": email}))
        .await
        .ok();
    let token = mailbox.letter(&server).await.token();
    let next = "another horse battery staple";
    anyone
        .post(
            "/api/v1/auth/password-reset/confirm",
            &json!({"token": token, "new_password": next}),
        )
        .await
        .ok();
    log_in(next).await.problem(429, "second_factor_locked");
}
