//! What docs/crm.md prints is what the server takes and sends.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::desk::{self, Desk};
use crate::support::until;

const PAGE: &str = include_str!("../../docs/crm.md");

/// A printed request: its first line, its headers and its body.
type Printed = (String, Vec<(String, String)>, Value);

/// The printed requests.
fn requests() -> Vec<Printed> {
    let blocks = PAGE.split("```").skip(1).step_by(2);
    let parts = blocks.flat_map(|block| block.split("\n\n"));
    parts
        .map(str::trim)
        .filter(|part| part.starts_with("POST ") || part.starts_with("PATCH "))
        .map(|part| {
            let (head, body) = part
                .split_once(
                    "
{",
                )
                .unwrap();
            let body = format!("{{{body}");
            let mut lines = head.lines();
            let first = lines.next().unwrap().to_owned();
            let header = |line: &str| {
                let (name, value) = line.split_once(": ").unwrap();
                (name.to_lowercase(), value.to_owned())
            };
            let body = body.replace("whsec_…", &desk::webhook_secret()).replace('…', "x");
            (first, lines.map(header).collect(), serde_json::from_str(&body).unwrap())
        })
        .collect()
}

/// The printed messages.
fn messages() -> Vec<Value> {
    let blocks = PAGE
        .split("```json")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with('{'));
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// A system of one's own, connected as the page says.
async fn connected() -> Desk {
    let mut desk = Desk::bare(false).await;
    for (first, headers, mut body) in requests() {
        if body["kind"] == "webhook" {
            body["base_url"] = json!(format!("{}/hook", desk.crm.url()));
        }
        if first.starts_with("POST ") {
            assert_eq!(first, "POST /api/v1/crm-connections");
            assert_eq!(desk.connect(&body).await.status, 201, "{body}");
        } else {
            assert_eq!(first, "PATCH /api/v1/crm-connections/{id}");
            let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
            headers.push(("content-type", "application/json"));
            desk.owner
                .send(Method::PATCH, &desk.at, &headers, body.to_string())
                .await
                .ok();
        }
    }
    let kinds: Vec<Value> = requests()
        .into_iter()
        .map(|(_, _, body)| body["kind"].clone())
        .collect();
    assert_eq!(kinds, [json!("hubspot"), json!("webhook"), Value::Null]);
    desk
}

#[tokio::test]
async fn what_is_printed_of_messages_to_a_system_of_ones_own_is_what_it_gets() {
    let mut desk = connected().await;
    desk.owner.post(&format!("{}/probe", desk.at), &json!({})).await.ok();
    let (path, _) = desk.linked("Acme").await;
    let etag = desk.owner.etag(&path).await;
    let won = json!({"outcome": "won"});
    desk.owner.post_at(&format!("{path}/close"), &etag, &won).await.ok();
    let printed: Vec<Value> = messages().into_iter().filter(|one| one["type"].is_string()).collect();
    assert_eq!(printed.len(), 3);
    for message in printed {
        let sent = until("it is sent", async || {
            let posts = desk.crm.with(|state| state.posts.clone());
            let bodies = posts
                .iter()
                .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap());
            bodies.into_iter().find(|body| body["type"] == message["type"])
        })
        .await;
        assert_eq!(keys(&sent), keys(&message), "{sent}");
        if message["type"] != "probe" {
            assert_eq!(keys(&sent["fields"]), keys(&message["fields"]), "{sent}");
        }
    }
}

#[tokio::test]
async fn what_is_printed_of_messages_from_there_closes_a_deal() {
    let mut desk = connected().await;
    let (path, record) = desk.linked("Acme").await;
    desk.settled().await;
    let mut told = messages().into_iter().find(|one| one["records"].is_array()).unwrap();
    told["records"][0]["id"] = json!(record);
    told["records"][0]["modified_at"] = json!(desk.server.clock.now());
    assert_eq!(desk.tell("printed", &told).await.status, 204);
    let deal = desk.owner.get(&path).await.ok();
    assert_eq!(json!([deal["status"], deal["amount"]]), json!(["won", "95000.00"]));
}
