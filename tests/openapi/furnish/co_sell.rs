use guildhall_kernel::id_text;
use serde_json::json;

use super::{Owner, Record};
use crate::openapi::world::Company;

/// One opportunity that both have joined, with a task, a proposal on credit, and what it is made of.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let (leader, rep) = (&vendor.leader().caller, &partner.people["sales"].caller);
    let text = |record: &serde_json::Value| record["id"].as_str().unwrap().to_owned();
    let product = json!({"sku": "W-1", "name": "Widget"});
    let product = leader.post("/api/v1/products", &product).await.ok();
    let list = json!({"name": "Dollars", "currency": "USD", "valid_from": "2026-01-01"});
    let list = leader.post("/api/v1/price-lists", &list).await.ok();
    let opened = json!({
        "title": "Shared",
        "vendor_id": vendor.org,
        "opportunity": {
            "customer_name": "Shared Customer", "customer_country": "DE", "amount": "10.00", "currency": "EUR",
            "expected_close": "2027-03-31", "products": [{"name": "Widget", "quantity": "1"}],
        },
    });
    let opened = rep.post("/api/v1/co-sells", &opened).await.ok();
    let task = json!({"title": "Call"});
    let tasks = format!("/api/v1/co-sells/{}/tasks", text(&opened));
    let task = rep.post(&tasks, &task).await.ok();
    let shares = json!({"shares": [{"partner_id": partner.org, "role": "sourced", "percent": "100.00"}]});
    let credit = format!("/api/v1/deals/{}/credit", vendor.record_of_kind("deal"));
    let agreement = leader.post(&credit, &shares).await.ok();
    vec![
        ("products", text(&product), Owner::Both),
        ("price-lists", text(&list), Owner::Both),
        ("co-sells", text(&opened), Owner::Both),
        ("plan-tasks", text(&task), Owner::Both),
        ("credit-agreements", text(&agreement), Owner::Both),
        ("programs", id_text("prog", vendor.org.uuid()).unwrap(), Owner::Both),
    ]
}
