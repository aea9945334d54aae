use axum::http::Method;
use serde_json::{Value, json};

use super::{Owner, Record};
use crate::{
    openapi::world::Company,
    support::{Caller, PASSWORD},
};

/// A proposed batch with a payout, where it goes, and the statement of the month.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let (leader, rep) = (&vendor.leader().caller, &partner.leader().caller);
    let iban = json!({"type": "iban", "iban": "DE89370400440532013000", "holder": "Reseller GmbH", "country": "DE"});
    let profile =
        json!({"password": PASSWORD, "destination": iban, "currency": "EUR", "country": "DE", "tax_form": "none"});
    put(rep, "/api/v1/payout-profile", "", &profile).await;
    let payer = json!({"debtor": {"name": "Vendor GmbH", "country": "DE", "iban": "DE89370400440532013000"}, "minimums": {"EUR": "1.00"}});
    put(leader, "/api/v1/payout-settings", "\"v0\"", &payer).await;
    let profiles = leader
        .get(&format!("/api/v1/payout-profiles?partner_id={}", partner.org))
        .await
        .ok();
    let adjusted = json!({"partner_id": partner.org, "currency": "EUR", "amount": "70.00", "reason": "Late rebate"});
    let adjustment = leader
        .post_once("/api/v1/incentives/adjustments", "payable", &adjusted)
        .await;
    let approve = format!("{}/approve", adjustment.header("location"));
    let headers = [
        ("content-type", "application/json"),
        ("if-match", &adjustment.header("etag")),
        ("idempotency-key", "payable-approved"),
    ];
    let second = &vendor.people["admin"].caller;
    second.send(Method::POST, &approve, &headers, "{}").await.ok();
    let today = adjustment.ok()["created_at"].as_str().unwrap()[..10].to_owned();
    let draft = json!({"currency": "EUR", "method": "pain001", "execution_date": today});
    let batch = leader.post_once("/api/v1/payout-batches", "propose", &draft).await.ok();
    let payouts = leader.get("/api/v1/payouts").await.ok();
    vec![
        ("payout-profiles", id(&profiles["items"][0]), Owner::Vendor),
        ("payout-batches", id(&batch), Owner::Vendor),
        ("payouts", id(&payouts["items"][0]), Owner::Both),
        ("statements", partner.org.to_string(), Owner::Both),
        ("payout-settings", vendor.org.to_string(), Owner::Vendor),
    ]
}

async fn put(who: &Caller, path: &str, etag: &str, body: &Value) {
    let mut headers = vec![("content-type", "application/json")];
    if !etag.is_empty() {
        headers.push(("if-match", etag));
    }
    who.send(Method::PUT, path, &headers, body.to_string()).await.ok();
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}
