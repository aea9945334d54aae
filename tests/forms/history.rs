//! The history that both sides see.

use serde_json::{Value, json};

use super::Stage;

#[tokio::test]
async fn both_sides_read_who_did_what_when_and_what_was_said() {
    let stage = Stage::set().await;
    let deal = stage.deal("acme").await;
    let act = async |caller: &crate::support::Caller, verb: &str, body: Value| {
        let etag = caller.etag(&deal).await;
        caller.post_at(&format!("{deal}/{verb}"), &etag, &body).await.ok();
    };
    let change = async |body: Value| {
        let etag = stage.rep.etag(&deal).await;
        stage.rep.patch(&deal, &etag, &body).await.ok();
    };
    let line = |quantity: &str| json!([{"name": "Gateway", "quantity": quantity, "unit_amount": "1200.50"}]);
    change(json!({"products": line("4")})).await;
    act(&stage.manager, "request-info", json!({"question": "Which site?"})).await;
    change(json!({"note": "The second one."})).await;
    act(&stage.manager, "approve", json!({"note": "Go."})).await;
    act(&stage.rep, "withdraw", json!({"reason": "Cancelled."})).await;

    let history = stage.rep.get(&format!("{deal}/history")).await.ok();
    assert_eq!(history, stage.manager.get(&format!("{deal}/history")).await.ok());
    let steps: Vec<Value> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|step| {
            json!([
                step["kind"],
                step["by"]["name"],
                step["organisation"]["name"],
                step["said"]
            ])
        })
        .collect();
    assert_eq!(
        json!(steps),
        json!([
            ["submitted", "Alder sales", "Alder", null],
            ["changed", "Alder sales", "Alder", null],
            [
                "info_requested",
                "Northwind channel_manager",
                "Northwind",
                "Which site?"
            ],
            ["resubmitted", "Alder sales", "Alder", null],
            ["approved", "Northwind channel_manager", "Northwind", "Go."],
            ["withdrawn", "Alder sales", "Alder", "Cancelled."],
        ])
    );
    let shown = |quantity: &str| json!([{"name": "Gateway", "quantity": quantity, "unit_amount": "1200.50"}]);
    assert_eq!(
        history["items"][4]["changes"],
        json!([
            {"field": "amount", "from": "3601.50", "to": "4802.00"},
            {"field": "products", "from": shown("3"), "to": shown("4")},
        ])
    );
    assert_eq!(
        history["items"][2]["changes"],
        json!([{"field": "note", "from": null, "to": "The second one."}])
    );
    let rival = stage.server.login("sales@birch.example").await;
    rival.get(&format!("{deal}/history")).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_long_history_comes_in_pages_and_each_step_once() {
    let stage = Stage::set().await;
    let deal = stage.deal("acme").await;
    for n in 0..6 {
        let comment = json!({"body": format!("word {n}"), "internal": n % 3 == 2});
        stage.manager.post(&format!("{deal}/comments"), &comment).await.ok();
    }
    let read = async |caller: &crate::support::Caller| {
        let (mut seen, mut path) = (Vec::new(), format!("{deal}/history?limit=2"));
        loop {
            let page = caller.get(&path).await.ok();
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|step| step["said"].as_str().unwrap_or("-").to_owned()));
            match page["next_cursor"].as_str() {
                Some(cursor) => path = format!("{deal}/history?limit=2&cursor={cursor}"),
                None => return seen,
            }
        }
    };
    assert_eq!(read(&stage.rep).await, ["word 4", "word 3", "word 1", "word 0", "-"]);
    assert_eq!(read(&stage.manager).await.len(), 7);
}
