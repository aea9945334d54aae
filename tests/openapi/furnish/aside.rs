use axum::http::Method;
use serde_json::{Value, json};

use super::{Owner, Record};
use crate::openapi::world::Company;

/// An adjustment that waits, an open dispute, a claim, and a fund with a reservation.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let (leader, rep) = (&vendor.leader().caller, &partner.leader().caller);
    let line = leader.get("/api/v1/earnings").await.ok()["items"][0]["id"].clone();
    let adjusted = json!({"partner_id": partner.org, "currency": "EUR", "amount": "-1.00", "reason": "Credited twice"});
    let adjustment = leader
        .post_once("/api/v1/incentives/adjustments", "adjust", &adjusted)
        .await;
    let objection = json!({"earning_id": line, "reason": "The gold rate applies"});
    let dispute = rep.post("/api/v1/incentives/disputes", &objection).await;
    let (fund, reservation) = fund(vendor, partner).await;
    vec![
        ("adjustments", id(&adjustment.ok()), Owner::Vendor),
        ("disputes", id(&dispute.ok()), Owner::Both),
        ("claims", claim(vendor, partner).await, Owner::Both),
        ("funds", fund, Owner::Both),
        ("fund-reservations", reservation, Owner::Both),
    ]
}

async fn fund(vendor: &Company, partner: &Company) -> (String, String) {
    let leader = &vendor.leader().caller;
    let draft =
        json!({"name": "Launch", "currency": "EUR", "from": "2026-01-01", "to": "2028-12-31", "budget": "100.00"});
    let made = leader.post("/api/v1/incentives/funds", &draft).await;
    let path = made.header("location");
    let part = json!({"partner_id": partner.org, "amount": "50.00"});
    leader
        .post_once(&format!("{path}/allocate"), "allocate", &part)
        .await
        .ok();
    let promise = json!({"partner_id": partner.org, "amount": "20.00", "purpose": "Trade fair"});
    let reservation = leader.post_once(&format!("{path}/reserve"), "reserve", &promise).await;
    (id(&made.ok()), id(&reservation.ok()))
}

async fn claim(vendor: &Company, partner: &Company) -> String {
    let (leader, rep) = (&vendor.leader().caller, &partner.leader().caller);
    let spec = json!({"type": "spiff", "trigger": "activity", "currency": "EUR", "proof": true,
        "amount": {"per_activity": "50"}});
    let made = leader
        .post("/api/v1/incentives/plans", &json!({"name": "Install", "spec": spec}))
        .await;
    let publish = format!("{}/publish", made.header("location"));
    leader.post_at(&publish, &made.header("etag"), &json!({})).await.ok();
    let sent = rep
        .send(Method::POST, "/api/v1/files?name=proof.txt", &[], "plain words")
        .await;
    let plan = made.ok();
    let body = json!({"plan_id": plan["id"], "done_on": plan["draft"]["effective_from"], "serial": "EG-1",
        "files": [sent.ok()["id"]]});
    id(&rep.post("/api/v1/incentives/claims", &body).await.ok())
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}
