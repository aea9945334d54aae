use serde_json::json;

use super::{Owner, Record};
use crate::openapi::world::Company;

/// The endpoints are off, so that nothing moves by itself; a test message waits at each.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let mut records = Vec::new();
    for (company, owner) in [(vendor, Owner::Vendor), (partner, Owner::Partner)] {
        let leader = &company.leader().caller;
        let endpoint = json!({"url": "https://hooks.example.com/", "topics": ["deals"], "enabled": false});
        let made = leader.post("/api/v1/webhook-endpoints", &endpoint).await.ok();
        let id = made["endpoint"]["id"].as_str().unwrap().to_owned();
        let tested = format!("/api/v1/webhook-endpoints/{id}/test");
        let message = leader.post(&tested, &json!({})).await.ok();
        records.push(("webhook-endpoints", id, owner));
        records.push(("webhook-messages", message["id"].as_str().unwrap().to_owned(), owner));
    }
    records
}
