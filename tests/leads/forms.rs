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
    let token = token(&anybody, &form).await;
    stage.server.clock.advance(TimeDelta::seconds(10));
    send(
        &anybody,
        &form,
        &json!({"token": token, "company": "Acme", "email": "jo@acme.example"}),
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
    let token = token(&anybody, &form).await;
    let early = json!({"token": token, "company": "Early", "email": "jo@early.example"});
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
    let links = "http://a.example http://b.example http://c.example";
    send(
        &anybody,
        &form,
        &json!({"token": token, "company": "Links", "email": "jo@links.example", "message": links}),
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
