//! Every list is a file too: the same rows, for the same eyes.

use axum::http::Method;
use serde_json::Value;

use super::world::{Company, World};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// The rows of a whole list.
async fn listed(company: &Company, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = company
            .leader()
            .caller
            .get(&format!("{path}?limit=100{cursor}"))
            .await
            .ok();
        items.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// What a column with this name shows of a row.
fn shown(row: &Value, column: &str) -> String {
    let value = column.split('.').fold(row, |value, name| &value[name]);
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@']) && text.parse::<f64>().is_err() => {
            format!("'{text}")
        }
        Value::String(text) => text.clone(),
        Value::Array(parts) if parts.iter().all(Value::is_string) => {
            let parts: Vec<_> = parts.iter().map(|part| part.as_str().unwrap()).collect();
            parts.join("; ")
        }
        other => other.to_string(),
    }
}

/// Instants and numbers have more than one spelling.
fn plain(text: &str) -> String {
    let instant = text.parse::<chrono::DateTime<chrono::Utc>>();
    instant.map_or_else(|_| text.to_owned(), |at| at.timestamp_millis().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_list_is_a_file_of_the_same_rows() {
    let world = World::make().await;
    let (mut lists, mut rows) = (0, 0);
    for operation in world.operations.iter().filter(|one| one.method == Method::GET) {
        let content = format!("/paths/{}/get/responses/200/content", operation.path.replace('/', "~1"));
        let content = world.document.0.pointer(&content).cloned().unwrap_or_default();
        let page = content["application/json"]["schema"]["$ref"]
            .as_str()
            .unwrap_or_default();
        if !page.contains("Page_") {
            continue;
        }
        assert!(
            content.get("text/csv").is_some() && content.get(XLSX).is_some(),
            "{}",
            operation.id
        );
        for company in [&world.northwind, &world.alder] {
            if !company.leader().may(operation) {
                continue;
            }
            let path = operation.at(&company.record(operation));
            let caller = &company.leader().caller;
            let list = caller.send(Method::GET, &path, &[], "").await;
            let file = caller.send(Method::GET, &path, &[("accept", "text/csv")], "").await;
            assert_eq!(file.status, list.status, "{}", operation.id);
            if !list.status.is_success() {
                assert_eq!(file.json()["code"], list.json()["code"], "{}", operation.id);
                continue;
            }
            assert!(file.header("content-type").starts_with("text/csv"), "{}", operation.id);
            let items = listed(company, &path).await;
            let mut reader = csv::Reader::from_reader(&file.body[..]);
            let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
            let lines: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            assert_eq!(lines.len(), items.len(), "{}", operation.id);
            for (line, item) in lines.iter().zip(&items) {
                for (cell, column) in line.iter().zip(&head) {
                    // The list of sessions and keys says when they were used, which is now.
                    if !column.starts_with("last_") {
                        assert_eq!(plain(cell), plain(&shown(item, column)), "{} {column}", operation.id);
                    }
                }
            }
            lists += 1;
            rows += items.len();
        }
    }
    assert!(lists > 40 && rows > 40, "{lists} lists with {rows} rows");
}

#[tokio::test]
async fn a_file_has_the_whole_list_and_a_refusal_is_the_lists_own() {
    let world = World::make().await;
    let owner = &world.northwind.leader().caller;
    let get = async |path: &str, accept: &str| owner.send(Method::GET, path, &[("accept", accept)], "").await;
    let audit = get("/api/v1/audit", XLSX).await;
    assert_eq!(audit.header("content-type"), XLSX);
    assert_eq!(
        audit.header("content-disposition"),
        "attachment; filename=\"audit.xlsx\""
    );
    assert_eq!(&audit.body[..2], b"PK");
    let logs = listed(&world.northwind, "/api/v1/audit").await;
    let filtered = get("/api/v1/audit?kind=deal.submitted", "text/csv, application/json;q=0.5").await;
    let lines = csv::Reader::from_reader(&filtered.body[..]).into_records().count();
    let wanted = logs.iter().filter(|entry| entry["kind"] == "deal.submitted").count();
    assert_eq!((lines, wanted > 0), (wanted, true));
    for query in ["limit=5", "cursor=x"] {
        get(&format!("/api/v1/audit?{query}"), "text/csv")
            .await
            .problem(400, "invalid_query");
    }
    get("/api/v1/audit?kin=x", "text/csv")
        .await
        .problem(400, "invalid_query");
    let json = get("/api/v1/audit", "text/html, application/xml;q=0.9, */*;q=0.8").await;
    assert!(json.header("content-type").starts_with("application/json"));
    assert!(json.header("vary").contains("accept"));
    // A log that is followed is no list with an end.
    let events = get("/api/v1/events", "text/csv").await;
    assert!(events.header("content-type").starts_with("application/json"));
    let stranger = &world.southgate.leader().caller;
    let path = format!("/api/v1/deals/{}/history", world.northwind.record_of_kind("deal"));
    let refused = stranger.send(Method::GET, &path, &[("accept", "text/csv")], "").await;
    refused.problem(404, "not_found");
    world
        .server
        .anonymous()
        .send(Method::GET, "/api/v1/audit", &[("accept", "text/csv")], "")
        .await
        .problem(401, "unauthenticated");
}
