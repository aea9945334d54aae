use axum::http::Method;
use base64::{Engine, engine::general_purpose::STANDARD};
use guildhall_kernel::Clock;
use serde_json::json;

use super::{Owner, Record};
use crate::openapi::world::Company;

/// A connection, a deal's link over it, and a difference between the two. Then it is switched off: what a worker would
/// write would be no refused request's doing.
pub(super) async fn records(vendor: &Company, _partner: &Company) -> Vec<Record> {
    let (owner, deal) = (&vendor.leader().caller, vendor.record_of_kind("deal"));
    let secret = format!("whsec_{}", STANDARD.encode([9; 32]));
    let body = json!({"kind": "webhook", "name": "CRM", "base_url": "https://crm.example", "external_id_field": "deal", "poll_seconds": 86400,
        "credentials": {"webhook_secret": secret}});
    let connection = owner.post("/api/v1/crm-connections", &body).await.ok();
    let path = format!("/api/v1/crm-connections/{}", connection["id"].as_str().unwrap());
    let mapping =
        json!({"mapping": {"fields": [{"prm": "amount", "crm": "amount", "direction": "both", "winner": "ask"}]}});
    owner.patch(&path, "\"v1\"", &mapping).await.ok();
    let link = json!({"deal_id": deal, "record_id": "row-1"});
    let link = owner.post(&format!("{path}/links"), &link).await.ok();
    let now = Clock::system().now();
    let told = json!({"records": [{"id": "row-1", "modified_at": now, "fields": {"amount": "1"}}]}).to_string();
    let hook = standardwebhooks::Webhook::new(&secret).unwrap();
    let signature = hook.sign("m", now.timestamp(), told.as_bytes()).unwrap();
    let at = now.timestamp().to_string();
    let headers = [
        ("webhook-id", "m"),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let taken = owner
        .send(Method::POST, &format!("{path}/inbound"), &headers, told)
        .await;
    assert_eq!(taken.status, 204);
    let found = owner.get("/api/v1/crm-differences").await.ok();
    let off = json!({"enabled": false});
    owner.patch(&path, &owner.etag(&path).await, &off).await.ok();
    let id = |record: &serde_json::Value| record["id"].as_str().unwrap().to_owned();
    vec![
        ("crm-connections", id(&connection), Owner::Vendor),
        ("crm-links", id(&link), Owner::Vendor),
        ("crm-differences", id(&found["items"][0]), Owner::Vendor),
    ]
}
