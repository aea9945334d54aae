//! The HTTP conventions, seen from outside.

use std::{net::IpAddr, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::support::{Scene, TestServer, deal_body};

#[tokio::test]
async fn every_failure_is_a_problem() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let body = deal_body(scene.northwind, "Acme", "acme.example").to_string();
    let json = [("content-type", "application/json")];

    server
        .anonymous()
        .get("/api/v1/nowhere")
        .await
        .problem(404, "not_found");
    let wrong_method = rep.delete("/api/v1/deals").await;
    wrong_method.problem(405, "method_not_allowed");
    assert!(wrong_method.header("allow").contains("POST"));
    server
        .anonymous()
        .get("/api/v1/deals")
        .await
        .problem(401, "unauthenticated");
    rep.send(
        Method::POST,
        "/api/v1/deals",
        &[("content-type", "text/plain")],
        body.clone(),
    )
    .await
    .problem(415, "unsupported_media_type");
    let broken = rep
        .send(Method::POST, "/api/v1/deals", &json, "{\"vendor_id\": ")
        .await
        .problem(400, "malformed_json");
    assert!(
        broken["detail"].as_str().unwrap().contains("line 1, column 14"),
        "{broken}"
    );
    rep.get("/api/v1/deals?limit=0").await.problem(400, "invalid_query");
    rep.get("/api/v1/deals?limit=x").await.problem(400, "invalid_query");
    rep.get("/api/v1/deals?colour=red").await.problem(400, "invalid_query");
    rep.get("/api/v1/deals?cursor=x").await.problem(400, "invalid_cursor");
    rep.get("/api/v1/deals/deal_x").await.problem(404, "not_found");
    rep.get(&format!("/api/v1/deals/{}", scene.northwind))
        .await
        .problem(404, "not_found");
    assert_eq!(deals(&server).await, 0);
}

#[tokio::test]
async fn a_bad_field_is_named_by_its_pointer_and_all_are_named_at_once() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let good = deal_body(scene.northwind, "Acme", "acme.example");
    let pointers = async |body: &Value| {
        let problem = rep.post("/api/v1/deals", body).await.problem(422, "invalid_body");
        let errors = problem["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };

    let mut body = good.clone();
    body["customer"]["nickname"] = "A".into();
    assert_eq!(pointers(&body).await, ["/customer/nickname"]);
    let mut body = good.clone();
    body.as_object_mut().unwrap().remove("currency");
    assert_eq!(pointers(&body).await, ["/currency"]);
    let mut body = good.clone();
    body["products"][0]["quantity"] = json!({});
    assert_eq!(pointers(&body).await, ["/products/0/quantity"]);
    let mut body = good.clone();
    body["customer"]["country"] = "Germany".into();
    body["contacts"][0]["email"] = "jo at acme".into();
    let mut both = pointers(&body).await;
    both.sort();
    assert_eq!(both, ["/contacts/0/email", "/customer/country"]);
    for field in ["status", "partner_id", "amount", "id", "version"] {
        let mut body = good.clone();
        body[field] = "x".into();
        assert_eq!(pointers(&body).await, [format!("/{field}")], "mass assignment");
    }
    assert_eq!(deals(&server).await, 0);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_the_server_goes_on() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let big = vec![b' '; 10 * 1024 * 1024];
    rep.send(
        Method::POST,
        "/api/v1/deals",
        &[("content-type", "application/json")],
        big,
    )
    .await
    .problem(413, "body_too_large");
    let chunked = chunked_upload(&server, rep.token.as_deref().unwrap()).await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    rep.get("/api/v1/me").await.ok();
}

/// Sends a body of unknown length until the server answers.
async fn chunked_upload(server: &TestServer, token: &str) -> String {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = format!(
        "POST /api/v1/deals HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..64 {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn pages_show_each_row_once_while_rows_come_in() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let mut expected = Vec::new();
    for n in 0..7 {
        let deal = rep
            .post(
                "/api/v1/deals",
                &deal_body(scene.northwind, &format!("Customer {n}"), &format!("c{n}.example")),
            )
            .await
            .ok();
        expected.push(deal["id"].clone());
    }
    expected.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/v1/deals?limit=3".to_owned();
    for page in 0..10 {
        let answer = rep.get(&path).await.ok();
        seen.extend(
            answer["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|deal| deal["id"].clone()),
        );
        let late = deal_body(scene.northwind, &format!("Late {page}"), &format!("late{page}.example"));
        rep.post("/api/v1/deals", &late).await.ok();
        let Some(cursor) = answer["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/v1/deals?limit=3&cursor={cursor}");
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_list_its_filters_and_its_reader() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    for n in 0..3 {
        rep.post(
            "/api/v1/deals",
            &deal_body(scene.northwind, &format!("C {n}"), &format!("c{n}.example")),
        )
        .await
        .ok();
    }
    let page = rep.get("/api/v1/deals?limit=1").await.ok();
    let cursor = page["next_cursor"].as_str().unwrap();
    rep.get(&format!("/api/v1/deals?limit=2&cursor={cursor}")).await.ok();
    rep.get(&format!("/api/v1/deals?status=approved&cursor={cursor}"))
        .await
        .problem(400, "invalid_cursor");
    let rival = server.login("sales@birch.example").await;
    rival
        .get(&format!("/api/v1/deals?cursor={cursor}"))
        .await
        .problem(400, "invalid_cursor");
    let manager = server.login("channel_manager@northwind.example").await;
    manager
        .get(&format!("/api/v1/deals?cursor={cursor}"))
        .await
        .problem(400, "invalid_cursor");
}

#[tokio::test]
async fn a_repeated_write_has_one_effect_and_one_answer() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let body = deal_body(scene.northwind, "Acme", "acme.example");
    let first = rep.post_once("/api/v1/deals", "k-1", &body).await;
    assert_eq!(first.header("idempotency-replayed"), "");
    let again = rep.post_once("/api/v1/deals", "\"k-1\"", &body).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(
        (again.header("etag"), again.header("location")),
        (first.header("etag"), first.header("location"))
    );

    let mut other = body.clone();
    other["note"] = "changed".into();
    rep.post_once("/api/v1/deals", "k-1", &other)
        .await
        .problem(422, "idempotency_mismatch");
    rep.post_once("/api/v1/deals", "a key with spaces", &body)
        .await
        .problem(400, "invalid_header");
    let long = "k".repeat(256);
    rep.post_once("/api/v1/deals", &long, &body)
        .await
        .problem(400, "invalid_header");
    assert_eq!(deals(&server).await, 1);
    let rival = server.login("sales@birch.example").await;
    let theirs = rival
        .post_once(
            "/api/v1/deals",
            "k-1",
            &deal_body(scene.northwind, "Other", "other.example"),
        )
        .await;
    assert_eq!(theirs.header("idempotency-replayed"), "");
    assert_eq!(theirs.status.as_u16(), 201);
}

#[tokio::test]
async fn a_hundred_repeats_at_once_have_one_effect() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let body = deal_body(scene.northwind, "Acme", "acme.example");
    let mut calls = JoinSet::new();
    for _ in 0..100 {
        let (rep, body) = (rep.clone(), body.clone());
        calls.spawn(async move { rep.post_once("/api/v1/deals", "k", &body).await });
    }
    let answers = calls.join_all().await;
    let made: Vec<Value> = answers
        .iter()
        .filter(|answer| answer.status.is_success())
        .map(|answer| answer.json())
        .collect();
    assert!(!made.is_empty() && made.iter().all(|deal| deal["id"] == made[0]["id"]));
    for answer in answers.iter().filter(|answer| !answer.status.is_success()) {
        answer.problem(409, "idempotency_in_progress");
        assert_eq!(answer.header("retry-after"), "1");
    }
    assert_eq!(deals(&server).await, 1);
}

#[tokio::test]
async fn a_refused_write_can_be_repeated_under_its_key() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let mut body = deal_body(scene.northwind, "Acme", "acme.example");
    body["currency"] = "XXXX".into();
    rep.post_once("/api/v1/deals", "k", &body)
        .await
        .problem(422, "invalid_body");
    body["currency"] = "EUR".into();
    rep.post_once("/api/v1/deals", "k", &body).await.ok();
}

#[tokio::test]
async fn changes_need_the_current_version() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let made = rep
        .post("/api/v1/deals", &deal_body(scene.northwind, "Acme", "acme.example"))
        .await;
    let path = made.header("location");
    let change = json!({"note": "urgent"});
    let headers = [("content-type", "application/json")];
    rep.send(Method::PATCH, &path, &headers, change.to_string())
        .await
        .problem(428, "precondition_required");
    let stale = rep.patch(&path, "\"v99\"", &change).await;
    stale.problem(412, "stale_version");
    assert_eq!(stale.header("etag"), made.header("etag"));
    rep.patch(&path, &format!("W/{}", made.header("etag")), &change)
        .await
        .problem(412, "stale_version");
    let changed = rep.patch(&path, &made.header("etag"), &change).await;
    assert_eq!(changed.ok()["note"], "urgent");
    assert_ne!(changed.header("etag"), made.header("etag"));
    rep.patch(&path, &made.header("etag"), &change)
        .await
        .problem(412, "stale_version");

    let current = changed.header("etag");
    let unchanged = rep.send(Method::GET, &path, &[("if-none-match", &current)], "").await;
    assert_eq!((unchanged.status.as_u16(), unchanged.body.len()), (304, 0));
    let older = rep
        .send(Method::GET, &path, &[("if-none-match", &made.header("etag"))], "")
        .await;
    assert_eq!(older.ok()["note"], "urgent");
}

#[tokio::test]
async fn limits_are_told_and_kept_per_actor() {
    let server = TestServer::builder()
        .config(|config| {
            config.rate_limit.enabled = true;
            config.rate_limit.per_minute = 60;
            config.rate_limit.burst = 5;
            config.rate_limit.login_per_minute = 100;
        })
        .start()
        .await;
    Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let other = server.login("sales@birch.example").await;
    for left in (0..5).rev() {
        let answer = rep.get("/api/v1/me").await;
        answer.ok();
        assert_eq!(answer.header("ratelimit-policy"), "\"actor\";q=5;w=5");
        assert!(
            answer.header("ratelimit").starts_with(&format!("\"actor\";r={left}")),
            "{}",
            answer.header("ratelimit")
        );
    }
    let refused = rep.get("/api/v1/me").await;
    refused.problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "1");
    assert!(refused.header("ratelimit").contains("r=0"));
    other.get("/api/v1/me").await.ok();
}

#[tokio::test]
async fn a_client_can_not_choose_its_own_address() {
    let limited = |proxies: Vec<String>| {
        TestServer::builder().config(move |config| {
            config.rate_limit.enabled = true;
            config.rate_limit.anonymous_per_minute = 60;
            config.rate_limit.burst = 3;
            config.http.trusted_proxies = proxies;
        })
    };
    let from = async |server: &TestServer, client: &str| {
        server
            .anonymous()
            .send(Method::GET, "/api/v1/meta", &[("x-forwarded-for", client)], "")
            .await
            .status
            .as_u16()
    };
    let server = limited(vec![]).start().await;
    let mut answers = Vec::new();
    for n in 0..4 {
        answers.push(from(&server, &format!("203.0.113.{n}")).await);
    }
    assert_eq!(answers, [200, 200, 200, 429], "an untrusted peer's word");

    let proxied = limited(vec!["127.0.0.0/8".to_owned()]).start().await;
    for n in 0..4 {
        assert_eq!(from(&proxied, &format!("203.0.113.{n}")).await, 200, "the proxy's word");
    }
    let mut spoofed = Vec::new();
    for n in 0..4 {
        spoofed.push(from(&proxied, &format!("198.51.100.{n}, 203.0.113.77")).await);
    }
    assert_eq!(
        spoofed,
        [200, 200, 200, 429],
        "what the client put before the proxy's word"
    );
    assert!("203.0.113.77".parse::<IpAddr>().is_ok());
}

#[tokio::test]
async fn requests_have_ids_and_answers_have_the_security_headers() {
    let server = TestServer::start().await;
    let caller = server.anonymous();
    let given = caller
        .send(Method::GET, "/api/v1/meta", &[("x-request-id", "mine-1")], "")
        .await;
    assert_eq!(given.header("x-request-id"), "mine-1");
    let made = caller
        .send(Method::GET, "/api/v1/meta", &[("x-request-id", "not one\tid")], "")
        .await;
    assert_eq!(made.header("x-request-id").len(), 24);
    for path in ["/api/v1/meta", "/api/v1/nowhere", "/healthz"] {
        let answer = caller.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
    }
    let page = caller.get("/docs/").await;
    assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
    assert!(String::from_utf8_lossy(&page.body).contains("swagger-ui"));
}

#[tokio::test]
async fn answers_are_compressed_when_asked_and_origins_are_let_in_by_name() {
    let server = TestServer::builder()
        .config(|config| config.http.cors_origins = vec!["https://portal.example".to_owned()])
        .start()
        .await;
    let caller = server.anonymous();
    let small = caller
        .send(Method::GET, "/api/v1/openapi.json", &[("accept-encoding", "gzip")], "")
        .await;
    assert_eq!(small.header("content-encoding"), "gzip");
    let plain = caller.get("/api/v1/openapi.json").await;
    assert!(plain.header("content-encoding").is_empty() && plain.body.len() > 2 * small.body.len());

    let preflight = [
        ("origin", "https://portal.example"),
        ("access-control-request-method", "PATCH"),
        ("access-control-request-headers", "if-match"),
    ];
    let allowed = caller.send(Method::OPTIONS, "/api/v1/deals", &preflight, "").await;
    assert_eq!(allowed.header("access-control-allow-origin"), "https://portal.example");
    let other = caller
        .send(Method::GET, "/api/v1/meta", &[("origin", "https://evil.example")], "")
        .await;
    assert_eq!(other.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_slow_client_is_dropped_and_delays_nobody() {
    let server = TestServer::builder()
        .config(|config| config.http.header_timeout_seconds = 1)
        .start()
        .await;
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx-slow: ")
            .await
            .unwrap();
        slow.push(stream);
    }
    assert_eq!(server.anonymous().get("/readyz").await.status.as_u16(), 200);
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a connection without a request was kept open");
    }
}

#[tokio::test]
async fn a_stopping_server_finishes_what_it_has_begun() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let mut db = server.database.connect().await;
    // The request waits on this lock while the server is told to stop.
    sqlx::query("BEGIN").execute(&mut db).await.unwrap();
    sqlx::query("LOCK TABLE deal IN ACCESS EXCLUSIVE MODE")
        .execute(&mut db)
        .await
        .unwrap();
    let body = deal_body(scene.northwind, "Acme", "acme.example");
    let call = tokio::spawn(async move { rep.post("/api/v1/deals", &body).await });
    wait_for_lock(&server).await;
    let (app, address) = (server.app().clone(), server.address);
    let stopping = tokio::spawn(server.stop());
    app.stopping.cancelled().await;
    sqlx::query("COMMIT").execute(&mut db).await.unwrap();
    assert_eq!(call.await.unwrap().status.as_u16(), 201);
    stopping.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

async fn wait_for_lock(server: &TestServer) {
    let mut db = server.database.connect().await;
    loop {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE NOT granted")
            .fetch_one(&mut db)
            .await
            .unwrap();
        if waiting > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn deals(server: &TestServer) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM deal")
        .fetch_one(&mut server.database.connect().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_body_that_drips_in_is_the_clients_fault() {
    let server = TestServer::builder()
        .config(|config| config.http.body_timeout_seconds = 1)
        .start()
        .await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection was kept open");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("body_too_slow"), "{answer}");
}

#[tokio::test]
async fn text_that_nobody_sees_or_that_deceives_is_refused() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let me = rep.get("/api/v1/me").await;
    let etag = me.header("etag");
    for name in [
        "\u{200b}",
        "\u{2060}\u{feff}",
        "\u{115f}",
        "x\u{202e}gnp.exe",
        "a\u{2028}b",
        "a\u{0}b",
    ] {
        rep.patch("/api/v1/me", &etag, &json!({"name": name}))
            .await
            .problem(422, "invalid_body");
    }
    let joined = "\u{0646}\u{200c}\u{0627}";
    assert_eq!(
        rep.patch("/api/v1/me", &etag, &json!({"name": joined})).await.ok()["user"]["name"],
        joined
    );
    rep.get("/api/v1/deals?country=D%00")
        .await
        .problem(400, "invalid_query");
}

#[tokio::test]
async fn a_key_can_not_outlive_itself_as_a_member_or_another_key() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    for scope in ["members:manage", "api_keys:manage"] {
        let refused = owner
            .post("/api/v1/api-keys", &json!({"name": "k", "scopes": [scope]}))
            .await;
        assert_eq!(
            refused.problem(422, "invalid_body")["errors"][0]["pointer"],
            "/scopes/0"
        );
    }
    let key = owner
        .post("/api/v1/api-keys", &json!({"name": "k", "scopes": ["deals:read"]}))
        .await
        .ok();
    // As one that was made before the rule.
    sqlx::query("UPDATE api_key SET scopes = '{members:manage,deals:read}'")
        .execute(&mut server.database.connect().await)
        .await
        .unwrap();
    let integrator = server.with_token(key["secret"].as_str().unwrap());
    integrator.get("/api/v1/deals").await.ok();
    let invitation = json!({"email": "mallory@evil.example", "role": "admin"});
    integrator
        .post("/api/v1/invitations", &invitation)
        .await
        .problem(403, "forbidden");
    integrator
        .get("/api/v1/events?topics=organisation")
        .await
        .problem(403, "forbidden");
}
