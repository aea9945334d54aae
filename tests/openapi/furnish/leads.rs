use serde_json::json;

use super::{Owner, Record};
use crate::openapi::world::Company;

pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let leader = &vendor.leader().caller;
    let lead = json!({"company": {"name": format!("Lead of {}", vendor.name)}, "source": "api"});
    let made = leader.post("/api/v1/leads", &lead).await.ok();
    let lead = made["lead"]["id"].as_str().unwrap().to_owned();
    let offer = json!({"partner_id": partner.org});
    leader
        .post_at(&format!("/api/v1/leads/{lead}/assign"), "\"v1\"", &offer)
        .await
        .ok();
    let form = json!({"name": "Form", "fields": [{"question": "company", "label": "Company"}]});
    let form = leader.post("/api/v1/lead-forms", &form).await.ok();
    let rules = json!({"rules": [{"name": "None", "enabled": false, "choice": "pool"}]});
    let put = [("if-match", "\"v0\""), ("content-type", "application/json")];
    let rules = leader
        .send(axum::http::Method::PUT, "/api/v1/lead-rules", &put, rules.to_string())
        .await
        .ok();
    vec![
        ("leads", lead, Owner::Both),
        ("lead-forms", form["id"].as_str().unwrap().to_owned(), Owner::Vendor),
        (
            "lead-rules",
            rules["rules"][0]["id"].as_str().unwrap().to_owned(),
            Owner::Vendor,
        ),
    ]
}
