//! What people meet without a client: the entrance, the pages that letters lead to, and what the API says to those who
//! get a call wrong.

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Caller, Mailbox, Scene, TestServer, accept, deal_body, invite};

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The addresses that a page's attribute leads to: `href`, `src`, `data-call`.
fn targets(page: &str, attribute: &str) -> Vec<String> {
    page.split(&format!("{attribute}=\""))
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_entrance_leads_to_the_description() {
    let server = TestServer::start().await;
    let caller = server.anonymous();
    let entrance = caller.get("/").await;
    assert_eq!(
        (entrance.status.as_u16(), entrance.header("location").as_str()),
        (303, "/docs")
    );
    let page = caller.get("/docs/").await;
    assert!(text(&page).contains("<title>Guildhall API</title>"), "{}", text(&page));
    let settings = text(&caller.get("/docs/swagger-initializer.js").await);
    assert!(settings.contains("\"persistAuthorization\": true"), "{settings}");
    assert!(settings.contains("\"layout\": \"BaseLayout\""), "{settings}");
    let document: Value = caller.get("/api/v1/openapi.json").await.ok();
    assert!(
        document["info"]["description"]
            .as_str()
            .unwrap()
            .contains("(/api/v1/asyncapi.json)")
    );
    let asyncapi: Value = caller.get("/api/v1/asyncapi.json").await.ok();
    assert_eq!(asyncapi["asyncapi"], "3.0.0");
}

#[tokio::test]
async fn each_letter_leads_to_a_page_that_calls_the_api() {
    let server = TestServer::start().await;
    let caller = server.anonymous();
    let document: Value = caller.get("/api/v1/openapi.json").await.ok();
    let partnership = "/partnerships/psp_01kaqv6r3gf5ht2x0m8c9ezw4n";
    for (path, calls) in [
        (
            "/verify-email",
            vec!["/api/v1/auth/verify-email", "/api/v1/auth/verify-email/resend"],
        ),
        ("/accept-invitation", vec!["/api/v1/invitations/accept"; 2]),
        (
            "/reset-password",
            vec!["/api/v1/auth/password-reset/confirm", "/api/v1/auth/password-reset"],
        ),
        ("/login", vec![]),
        (partnership, vec![]),
    ] {
        let answer = caller.get(path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        assert!(
            policy.contains("form-action 'none'") && !policy.contains("unsafe"),
            "{policy}"
        );
        let page = text(&answer);
        assert_eq!(targets(&page, "data-call"), calls, "{path}");
        for call in calls {
            assert!(document["paths"][call]["post"].is_object(), "{path}: {call}");
        }
        for address in targets(&page, "href").iter().chain(&targets(&page, "src")) {
            let own = address.starts_with('/') || address == "data:,";
            assert!(own && !address.starts_with("//"), "{path}: {address}");
            if address.starts_with('/') {
                let there = caller.get(address.split('#').next().unwrap()).await;
                assert_eq!(there.status.as_u16(), 200, "{path}: {address}");
            }
        }
        assert!(
            !page.contains("<script>") && !page.contains(" onclick") && !page.contains("style="),
            "{path}"
        );
        assert!(
            page.contains("lang=\"en\"") && page.contains("name=\"viewport\""),
            "{path}"
        );
    }
    assert!(
        text(&caller.get(partnership).await).contains("/api/v1/partnerships/psp_01kaqv6r3gf5ht2x0m8c9ezw4n/accept")
    );
    caller.get("/partnerships/x").await.problem(404, "not_found");
    caller
        .post("/verify-email", &json!({}))
        .await
        .problem(405, "method_not_allowed");
}

#[tokio::test]
async fn links_in_letters_stand_whole_on_lines_of_their_own_and_lead_to_pages() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let caller = server.anonymous();
    let root = server.app().config.http.public_url.clone();
    let owner = server.login("owner@northwind.example").await;
    invite(&owner, "nova@newcomer.example", "viewer").await.ok();
    for (path, email) in [
        ("/api/v1/auth/password-reset", "owner@northwind.example"),
        ("/api/v1/auth/verify-email/resend", "owner@northwind.example"),
    ] {
        caller.post(path, &json!({"email": email})).await.ok();
    }
    let (mut links, mut files) = (0, 0);
    for address in ["owner@northwind.example", "nova@newcomer.example"] {
        Mailbox::of(address).letters(&server).await;
    }
    for file in std::fs::read_dir(server.data().join("mail")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|kind| kind != "eml") {
            continue;
        }
        files += 1;
        let letter = std::fs::read_to_string(path).unwrap();
        let (head, body) = letter.split_once("\r\n\r\n").unwrap();
        assert!(!head.contains("quoted-printable") && !head.contains("base64"), "{head}");
        assert!(letter.lines().all(|line| line.len() <= 998), "{letter}");
        for line in body.lines().filter(|line| line.contains("http")) {
            links += 1;
            let page = line.strip_prefix(&root).unwrap_or_else(|| panic!("{line}"));
            let answer = caller.get(page.split('#').next().unwrap()).await;
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{line}");
        }
    }
    assert!(files >= 3 && links >= 4, "{files} {links}");
}

#[tokio::test]
async fn a_letter_in_other_scripts_is_readable_as_it_is() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    let etag = owner.etag("/api/v1/organisation").await;
    owner
        .patch("/api/v1/organisation", &etag, &json!({"name": "Müller & Søn 株式会社"}))
        .await
        .ok();
    let mut mailbox = Mailbox::of("nova@newcomer.example");
    invite(&owner, "nova@newcomer.example", "viewer").await.ok();
    let letter = mailbox.letter(&server).await;
    assert!(
        letter.body.contains("Müller & Søn 株式会社 invites you"),
        "{}",
        letter.body
    );
    accept(&server, &letter.token(), Some("a lantern under the stairs"))
        .await
        .ok();
}

async fn refused(caller: &Caller, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
    let mut headers = headers.to_vec();
    headers.push(("content-type", "application/json"));
    caller.send(method, path, &headers, body.to_owned()).await.json()
}

#[tokio::test]
async fn what_is_wrong_with_a_value_is_said_in_words() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let good = deal_body(scene.northwind, "Acme", "acme.example");
    for (field, value, words) in [
        ("currency", json!("XXQ"), "must be an ISO 4217 code, like EUR"),
        ("currency", json!(7), "must be a string"),
        ("expected_close", json!("31.03.2027"), "must be a date like 2027-03-31"),
        ("expected_close", json!("2027-02-30"), "must be a date like 2027-03-31"),
        ("expected_close", json!(7), "must be a date like 2027-03-31"),
        ("customer", json!([]), "must be an object"),
        ("products", json!({}), "must be an array"),
        ("note", json!(7), "must be a string"),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let problem = rep.post("/api/v1/deals", &body).await.problem(422, "invalid_body");
        assert_eq!(
            problem["errors"],
            json!([{"pointer": format!("/{field}"), "code": "invalid", "message": words}]),
            "{body}"
        );
        assert_eq!(problem["detail"], format!("One field was refused. /{field}: {words}."));
    }
    let owner = server.login("owner@northwind.example").await;
    let key = json!({"name": "k", "scopes": ["deals:read"], "expires_at": "2027-03-31"});
    let problem = owner.post("/api/v1/api-keys", &key).await.problem(422, "invalid_body");
    assert_eq!(
        problem["errors"][0]["message"],
        "must be a time with its offset, like 2027-03-31T12:00:00Z"
    );
    let whole = refused(&rep, Method::POST, "/api/v1/deals", &[], "[]").await;
    assert_eq!(whole["detail"], "One field was refused. The body: must be an object.");
    let broken = refused(&rep, Method::POST, "/api/v1/deals", &[], "{\"note\": }").await;
    assert_eq!(broken["code"], "malformed_json");
    assert!(
        broken["detail"].as_str().unwrap().contains("column 10). Look there"),
        "{broken}"
    );

    let mut two = good.clone();
    two["customer"]["country"] = "ZZ".into();
    two["note"] = "".into();
    let problem = rep.post("/api/v1/deals", &two).await.problem(422, "invalid_body");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.starts_with("2 fields were refused, of which this is the first. /"),
        "{detail}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_query_is_said_in_words() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let owner = server.login("owner@northwind.example").await;
    for (query, words) in [
        ("/api/v1/deals?limit=abc", "limit: must be a whole number, like 50."),
        ("/api/v1/deals?limit=0", "limit must be from 1 to 100, and is 0."),
        (
            "/api/v1/members?colour=red",
            "colour: is not known here; known are limit, cursor.",
        ),
        (
            "/api/v1/members?limit=1&limit=2",
            "limit: came more than once: send it once.",
        ),
        (
            "/api/v1/partnerships?status=odd",
            "status: must be one of invited, active, suspended, ended, and is odd.",
        ),
    ] {
        let problem = owner.get(query).await.problem(400, "invalid_query");
        assert_eq!(problem["detail"], words, "{query}");
    }
    let problem = owner
        .get("/api/v1/audit?kind=nonsense")
        .await
        .problem(400, "invalid_query");
    let detail = problem["detail"].as_str().unwrap();
    assert!(
        detail.contains("nonsense") && detail.contains("deal.approved"),
        "{detail}"
    );
    for event in guildhall::api::events() {
        owner.get(&format!("/api/v1/audit?kind={}", event.kind)).await.ok();
    }
}

#[tokio::test]
async fn a_version_without_quotes_is_malformed_and_not_stale() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    for tag in ["v1", "1", "\"v1", "'v1'", ""] {
        let problem = rep
            .patch("/api/v1/me", tag, &json!({"name": "Nova"}))
            .await
            .problem(400, "invalid_header");
        assert!(problem["detail"].as_str().unwrap().contains("like \"v1\""), "{problem}");
    }
    rep.patch("/api/v1/me", "\"v999\"", &json!({"name": "Nova"}))
        .await
        .problem(412, "stale_version");
    rep.patch("/api/v1/me", "*", &json!({"name": "Nova"})).await.ok();
}

#[tokio::test]
async fn countries_are_those_that_there_are() {
    let server = TestServer::start().await;
    let scene = Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    for country in ["ZZ", "XX", "UK", "EU", "AN", "de", "DEU", ""] {
        let mut body = deal_body(scene.northwind, "Acme", "acme.example");
        body["customer"]["country"] = country.into();
        let problem = rep.post("/api/v1/deals", &body).await.problem(422, "invalid_body");
        assert_eq!(
            problem["errors"][0]["pointer"], "/customer/country",
            "{country}: {problem}"
        );
        rep.get(&format!("/api/v1/deals?country={country}"))
            .await
            .problem(400, "invalid_query");
    }
    let owner = server.login("owner@northwind.example").await;
    let etag = owner.etag("/api/v1/organisation").await;
    owner
        .patch("/api/v1/organisation", &etag, &json!({"country": "ZZ"}))
        .await
        .problem(422, "invalid_body");
    for country in ["GB", "SS", "AX", "US"] {
        rep.get(&format!("/api/v1/deals?country={country}")).await.ok();
    }
}

#[tokio::test]
async fn who_may_not_is_told_who_may() {
    let server = TestServer::start().await;
    Scene::set(&server).await;
    let rep = server.login("sales@alder.example").await;
    let detail = async |caller: &Caller, path: &str, code: &str| {
        let answer = caller.get(path).await;
        let problem = answer.problem(403, code);
        problem["detail"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        detail(&rep, "/api/v1/audit", "forbidden").await,
        "Your role sales doesn't include audit:read. Ask a member whose role does: admin."
    );
    let owner = server.login("owner@northwind.example").await;
    let submitted = owner.post("/api/v1/deals", &json!({})).await.problem(403, "forbidden");
    assert_eq!(
        submitted["detail"],
        "No role of a vendor includes deals:submit: this is for the other side."
    );
    let key = json!({"name": "k", "scopes": ["deals:read"]});
    let key = owner.post("/api/v1/api-keys", &key).await.ok();
    let integrator = server.with_token(key["secret"].as_str().unwrap());
    for (path, words) in [
        (
            "/api/v1/audit",
            "This API key doesn't include audit:read: have one made that does.",
        ),
        (
            "/api/v1/api-keys",
            "No API key includes api_keys:manage: a member does this, as owner, admin.",
        ),
    ] {
        assert_eq!(detail(&integrator, path, "forbidden").await, words);
    }
    sqlx::query(
        "DELETE FROM membership WHERE user_id = (SELECT id FROM user_account WHERE email = 'sales@birch.example')",
    )
    .execute(&mut server.database.connect().await)
    .await
    .unwrap();
    let lone = server.login("sales@birch.example").await;
    let said = detail(&lone, "/api/v1/deals", "no_organisation").await;
    assert!(said.contains("If there is none, you need an invitation"), "{said}");
}
