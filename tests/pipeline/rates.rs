use axum::http::Method;
use serde_json::json;

use super::Place;
use crate::support::{Answer, Caller};

pub(super) async fn put(caller: &Caller, text: &str) -> Answer {
    let headers = [("content-type", "text/csv")];
    caller
        .send(Method::PUT, "/api/v1/exchange-rates", &headers, text.to_owned())
        .await
}

#[tokio::test]
async fn the_central_banks_file_is_stored_whole_or_not_at_all() {
    let place = Place::set().await;
    let owner = place.server.login("owner@northwind.example").await;
    let good = "\u{feff}Date,USD,JPY,CYP,\r\n2026-11-20,1.0875,163.21,N/A,\r\n2026-11-19,1.0860,162.9,N/A,\n";
    let stored = put(&owner, good).await.ok();
    assert_eq!(stored, json!({"rates": 4, "from": "2026-11-19", "to": "2026-11-20"}));
    let bad = "Date,USD,JPY\n2026-11-21,1.1,x\n2026-02-30,1,1\n2026-11-18,=1+1,2\n";
    let problem = put(&owner, bad).await.problem(422, "invalid_body");
    let errors = problem["errors"].as_array().unwrap();
    let places: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    assert_eq!(places, ["/2/JPY", "/3/Date", "/4/USD"]);
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = owner.get(&format!("/api/v1/exchange-rates?limit=3{cursor}")).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        seen.extend(
            items
                .iter()
                .map(|rate| format!("{} {} {}", rate["currency"], rate["day"], rate["rate"])),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected = [
        "\"JPY\" \"2026-11-20\" \"163.21\"",
        "\"JPY\" \"2026-11-19\" \"162.9\"",
        "\"USD\" \"2026-11-20\" \"1.0875\"",
        "\"USD\" \"2026-11-19\" \"1.0860\"",
    ];
    assert_eq!(seen, expected, "nothing of the bad file");
    let json = [("content-type", "application/json")];
    let other = owner.send(Method::PUT, "/api/v1/exchange-rates", &json, good).await;
    other.problem(415, "unsupported_media_type");
    put(&owner, &"x".repeat(17 * 1024 * 1024))
        .await
        .problem(413, "body_too_large");
    put(&place.alder, good).await.problem(403, "forbidden");
    let finance = place.server.login("finance@northwind.example").await;
    put(&finance, good).await.ok();
    let viewer = place.server.login("viewer@northwind.example").await;
    put(&viewer, good).await.problem(403, "forbidden");
    let southgate = place.server.login("owner@southgate.example").await;
    assert_eq!(southgate.get("/api/v1/exchange-rates").await.ok()["items"], json!([]));
}
