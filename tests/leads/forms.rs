//! Web forms take what people send, and keep what robots send apart.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{Stage, act, everything, put};
use crate::support::{Answer, Caller};

const URLENCODED: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn draft() -> Value {
    json!({"name": "Contact us", "campaign": "site", "origins": ["https://www.northwind.example"], "fields": [
        {"question": "company", "label": "Company", "required": true},
        {"question": "email", "label": "E-mail", "required": true},
        {"question": "message", "label": "Message"}]})
}

async fn form(stage: &Stage) -> (Caller, String) {
    let made = stage.manager.post("/api/v1/lead-forms", &draft()).await;
    made.ok();
    (stage.server.anonymous(), made.header("location"))
}

async fn token(anybody: &Caller, form: &str) -> String {
    anybody.get(form).await.ok()["token"].as_str().unwrap().to_owned()
}

async fn send(anybody: &Caller, form: &str, body: &Value) -> Answer {
    anybody.post(&format!("{form}/submissions"), body).await
}

async fn leads(stage: &Stage, which: &str) -> Vec<Value> {
    let list = stage.manager.get(&format!("/api/v1/leads{which}")).await.ok();
    let mut leads = list["items"].as_array().unwrap().clone();
    // They came at one instant, as far as the clock says.
    leads.sort_by_key(|lead| lead["company"]["name"].as_str().unwrap().to_owned());
    leads
}

#[tokio::test]
async fn what_a_person_sends_is_a_lead_in_both_formats() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let (anybody, form) = form(&stage).await;
    let shown = anybody.get(&form).await.ok();
    assert_eq!(
        json!([shown["fields"][0]["question"], shown["trap"], shown["name"]]),
        json!(["company", "fax_number", null])
    );
    let (one, token) = (token(&anybody, &form).await, token(&anybody, &form).await);
    stage.server.clock.advance(TimeDelta::seconds(10));
    send(
        &anybody,
        &form,
        &json!({"token": one, "company": "Acme", "email": "jo@acme.example"}),
    )
    .await
    .ok();
    let page = [URLENCODED, ("origin", "https://www.northwind.example")];
    let body =
        format!("token={token}&company=M%C3%BCller+%26+S%C3%B6hne&email=a%40mueller.example&message=Hello&fax_number=");
    let sent = anybody
        .send(Method::POST, &format!("{form}/submissions"), &page, body)
        .await;
    assert_eq!(sent.ok(), json!({"received": true}));
    assert_eq!(
        sent.header("access-control-allow-origin"),
        "https://www.northwind.example"
    );
    let leads = leads(&stage, "").await;
    let told: Vec<Value> = leads
        .iter()
        .map(|one| {
            json!([
                one["company"]["name"],
                one["company"]["domain"],
                one["source"],
                one["campaign"],
                one["stage"]
            ])
        })
        .collect();
    assert_eq!(
        json!(told),
        json!([
            ["Acme", "acme.example", "web_form", "site", "offered"],
            ["Müller & Söhne", "mueller.example", "web_form", "site", "offered"]
        ])
    );
}

#[tokio::test]
async fn what_looks_like_spam_is_kept_apart_until_it_is_released() {
    let stage = Stage::set().await;
    stage.rules(everything("round_robin")).await;
    let (anybody, form) = form(&stage).await;
    let (early, links) = (token(&anybody, &form).await, token(&anybody, &form).await);
    let token = token(&anybody, &form).await;
    let early = json!({"token": early, "company": "Early", "email": "jo@early.example"});
    send(&anybody, &form, &early).await.ok();
    stage.server.clock.advance(TimeDelta::seconds(10));
    send(
        &anybody,
        &form,
        &json!({"token": token, "company": "Trapped", "email": "jo@trapped.example", "fax_number": "1"}),
    )
    .await
    .ok();
    send(
        &anybody,
        &form,
        &json!({"token": format!("{token}x"), "company": "Forged", "email": "jo@forged.example"}),
    )
    .await
    .ok();
    let message = "http://a.example http://b.example http://c.example";
    send(
        &anybody,
        &form,
        &json!({"token": links, "company": "Links", "email": "jo@links.example", "message": message}),
    )
    .await
    .ok();
    let kept = leads(&stage, "?stage=quarantined").await;
    let why: Vec<Value> = kept
        .iter()
        .map(|one| json!([one["company"]["name"], one["routing"]["suspicions"]]))
        .collect();
    assert_eq!(
        json!(why),
        json!([
            ["Early", ["too_fast"]],
            ["Forged", ["no_token"]],
            ["Links", ["links"]],
            ["Trapped", ["honeypot"]]
        ])
    );
    assert_eq!(stage.alder.get("/api/v1/leads").await.ok()["items"], json!([]));
    let path = format!("/api/v1/leads/{}", kept[0]["id"].as_str().unwrap());
    let released = act(&stage.manager, &path, "release", &json!({})).await.ok();
    assert_eq!(released["stage"], "offered");
    act(&stage.manager, &path, "release", &json!({}))
        .await
        .problem(409, "illegal_move");
}

#[tokio::test]
async fn a_form_refuses_other_pages_missing_answers_and_too_much() {
    let stage = Stage::set().await;
    let (anybody, form) = form(&stage).await;
    let to = format!("{form}/submissions");
    let elsewhere = [("content-type", "application/json"), ("origin", "https://evil.example")];
    anybody
        .send(Method::POST, &to, &elsewhere, "{\"company\": \"A\"}")
        .await
        .problem(403, "forbidden");
    let problem = send(&anybody, &form, &json!({"company": "A", "phone": "1"}))
        .await
        .problem(422, "invalid_body");
    let pointers: Vec<&Value> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pointer"])
        .collect();
    assert_eq!(pointers, ["/email", "/phone"]);
    let problem = send(&anybody, &form, &json!({"company": "A", "email": "nobody"}))
        .await
        .problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/email");
    let mut strict = draft();
    strict["per_address_hourly"] = json!(3);
    let changed = put(&stage.manager, &form, "\"v1\"", &strict).await;
    assert_eq!(changed.ok()["version"], 2);
    send(&anybody, &form, &json!({"company": "Acme", "email": "jo@acme.example"}))
        .await
        .ok();
    let refused = send(&anybody, &form, &json!({"company": "Acme", "email": "jo@acme.example"})).await;
    refused.problem(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty());
    stage.server.clock.advance(TimeDelta::hours(1));
    send(&anybody, &form, &json!({"company": "Acme", "email": "jo@acme.example"}))
        .await
        .ok();
    strict["active"] = json!(false);
    let manager = stage.server.login("channel_manager@northwind.example").await;
    put(&manager, &form, "\"v2\"", &strict).await.ok();
    anybody.get(&form).await.problem(404, "not_found");
    let southgate = stage.server.login("channel_manager@southgate.example").await;
    put(&southgate, &form, "\"v3\"", &strict)
        .await
        .problem(404, "not_found");
}

/// Why each lead looks like spam, by company.
async fn suspicions(stage: &Stage) -> Value {
    let leads = leads(stage, "").await;
    let why = leads.iter().map(|one| {
        json!([
            one["company"]["name"],
            one["routing"]["suspicions"],
            one["routing"]["touches"]
        ])
    });
    Value::Array(why.collect())
}

#[tokio::test]
async fn a_token_is_for_one_submission_however_often_it_is_sent() {
    let stage = Stage::set().await;
    let (anybody, form) = form(&stage).await;
    let other = stage
        .manager
        .post("/api/v1/lead-forms", &draft())
        .await
        .header("location");
    let token = token(&anybody, &form).await;
    stage.server.clock.advance(TimeDelta::seconds(10));
    // Refused, it isn't spent.
    send(&anybody, &form, &json!({"token": token, "company": "Acme"}))
        .await
        .problem(422, "invalid_body");
    let body = json!({"token": token, "company": "Acme", "email": "jo@acme.example"});
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let (anybody, form, body) = (anybody.clone(), form.clone(), body.clone());
        calls.spawn(async move { send(&anybody, &form, &body).await.ok() });
    }
    assert_eq!(calls.join_all().await, vec![json!({"received": true}); 4]);
    assert_eq!(suspicions(&stage).await, json!([["Acme", [], 1]]));
    let more = json!({"token": token, "company": "Again", "email": "jo@again.example"});
    send(&anybody, &form, &more).await.ok();
    let elsewhere = json!({"token": token, "company": "Elsewhere", "email": "jo@elsewhere.example"});
    send(&anybody, &other, &elsewhere).await.ok();
    assert_eq!(
        suspicions(&stage).await,
        json!([
            ["Acme", [], 1],
            ["Again", ["reused_token"], 1],
            ["Elsewhere", ["no_token"], 1]
        ])
    );
}

#[tokio::test]
async fn names_carry_no_links_lines_or_headers_into_letters() {
    let stage = Stage::set().await;
    let (anybody, form) = form(&stage).await;
    for company in [
        "Acme\r\nBcc: all@victim.example",
        "Acme\u{2028}x",
        "A\u{202e}B",
        "A\u{0}",
    ] {
        let body = json!({"company": company, "email": "jo@acme.example"});
        let problem = send(&anybody, &form, &body).await.problem(422, "invalid_body");
        assert_eq!(problem["errors"][0]["pointer"], "/company", "{problem}");
    }
    let body = "company=Acme%0D%0ABcc:+all@victim.example&email=jo%40acme.example";
    anybody
        .send(Method::POST, &format!("{form}/submissions"), &[URLENCODED], body)
        .await
        .problem(422, "invalid_body");
    let token = token(&anybody, &form).await;
    stage.server.clock.advance(TimeDelta::seconds(10));
    let named = json!({"token": token, "company": "Log in: https://evil.example", "email": "jo@evil.example"});
    send(&anybody, &form, &named).await.ok();
    assert_eq!(
        suspicions(&stage).await,
        json!([["Log in: https://evil.example", ["links"], 1]])
    );
}

#[tokio::test]
async fn a_submission_is_small_and_flat() {
    let stage = Stage::set().await;
    let (anybody, form) = form(&stage).await;
    let to = format!("{form}/submissions");
    let large = "a".repeat(33 * 1024);
    let kinds = ["application/json", "application/x-www-form-urlencoded"];
    for (kind, body) in kinds.into_iter().zip([
        json!({"company": "A", "message": large}).to_string(),
        format!("company=A&message={large}"),
    ]) {
        let sent = anybody.send(Method::POST, &to, &[("content-type", kind)], body).await;
        sent.problem(413, "body_too_large");
    }
    let json = [("content-type", "application/json")];
    for (body, status) in [
        (format!("{{\"company\": {}", "[".repeat(20_000)), [400, 422]),
        (
            format!("{}1{}", "{\"company\":".repeat(900), "}".repeat(900)),
            [400, 422],
        ),
        ("{\"company\": \"A\", \"company\": \"B\"}".to_owned(), [400, 422]),
        ("[]".to_owned(), [400, 422]),
    ] {
        let sent = anybody.send(Method::POST, &to, &json, body).await;
        assert!(status.contains(&sent.status.as_u16()), "{:?}", sent.body);
    }
    for body in ["company=A&company=B", "company=%ff", "company[name]=A", "company=%00"] {
        let sent = anybody.send(Method::POST, &to, &[URLENCODED], body).await;
        sent.problem(422, "invalid_body");
    }
    anybody
        .send(Method::POST, &to, &[("content-type", "text/plain")], "company=A")
        .await
        .problem(415, "unsupported_media_type");
    assert_eq!(leads(&stage, "").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_form_that_is_off_is_as_if_it_were_not_there_and_origins_are_held_to() {
    let stage = Stage::set().await;
    let (anybody, form) = form(&stage).await;
    let to = format!("{form}/submissions");
    for origin in [
        "null",
        "https://www.northwind.example.evil.example",
        "http://www.northwind.example",
    ] {
        let page = [("content-type", "application/json"), ("origin", origin)];
        let sent = anybody.send(Method::POST, &to, &page, "{\"company\": \"A\"}").await;
        sent.problem(403, "forbidden");
        assert!(sent.header("access-control-allow-credentials").is_empty());
    }
    let mut off = draft();
    off["active"] = json!(false);
    put(&stage.manager, &form, "\"v1\"", &off).await.ok();
    let body = json!({"company": "A", "email": "jo@acme.example"});
    let mut seen = Vec::new();
    let foreign = stage.lead("Acme", "DE").await.replace("/leads/", "/lead-forms/");
    for form in [
        form.as_str(),
        "/api/v1/lead-forms/lform_01kaqv6r3gf5ht2x0m8c9ezw4n",
        &foreign,
        "/api/v1/lead-forms/x",
    ] {
        for mut problem in [
            anybody.get(form).await.problem(404, "not_found"),
            send(&anybody, form, &body).await.problem(404, "not_found"),
        ] {
            problem["request_id"] = Value::Null;
            seen.push(problem);
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[tokio::test]
async fn floods_are_counted_by_address_network_and_form() {
    let server = crate::support::TestServer::builder()
        .manual_clock()
        .config(|config| config.http.trusted_proxies = vec!["127.0.0.0/8".to_owned()])
        .start()
        .await;
    let stage = Stage::on(server).await;
    let mut strict = draft();
    strict["per_address_hourly"] = json!(2);
    strict["per_form_hourly"] = json!(5);
    let form = stage
        .manager
        .post("/api/v1/lead-forms", &strict)
        .await
        .header("location");
    let (anybody, to) = (stage.server.anonymous(), format!("{form}/submissions"));
    let send = async |from: &str, no: usize| {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", from)];
        let body = json!({"company": format!("Company {no}"), "email": format!("a@company{no}.example")});
        let sent = anybody.send(Method::POST, &to, &headers, body.to_string()).await;
        sent.status.as_u16()
    };
    let mut answers = Vec::new();
    for (no, from) in [
        "203.0.113.1",
        "203.0.113.1",
        "203.0.113.1",
        // What a client writes before its proxy's word is not believed.
        "198.51.100.7, 203.0.113.1",
        "2001:db8:1:2::1",
        "2001:db8:1:2:ffff::9",
        "2001:db8:1:2:1:2:3:4",
        "203.0.113.2",
        "203.0.113.3",
    ]
    .into_iter()
    .enumerate()
    {
        answers.push(send(from, no).await);
    }
    assert_eq!(answers, [200, 200, 429, 429, 200, 200, 429, 200, 429]);
    assert_eq!(leads(&stage, "").await.len(), 5);
}
