use serde_json::{Value, json};

use super::{Owner, Record};
use crate::{openapi::world::Company, support::until};

/// A plan in force, an invoice, what it earned, and a run that is through.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let leader = &vendor.leader().caller;
    let spec =
        json!({"type": "commission", "trigger": "invoiced", "rules": [{"name": "all", "rate": {"percent": "10"}}]});
    let made = leader
        .post("/api/v1/incentives/plans", &json!({"name": "Commission", "spec": spec}))
        .await;
    let plan = made.header("location");
    let publish = format!("{plan}/publish");
    leader.post_at(&publish, &made.header("etag"), &json!({})).await.ok();
    let today = made.ok()["draft"]["effective_from"].clone();
    let invoice = json!({"kind": "invoice", "reference": "I-1", "partner_id": partner.org, "currency": "EUR",
        "sold_on": today, "lines": [{"name": "Gateway", "amount": "1000.00"}]});
    let sale = leader.post("/api/v1/incentives/sales", &invoice).await.ok();
    let earning = until("the invoice has earned", async || {
        let earnings = leader.get("/api/v1/earnings").await.ok();
        earnings["items"].as_array().unwrap().first().cloned()
    })
    .await;
    let path = format!("/api/v1/incentives/sales/{}", id(&sale));
    let taken = json!({"kind": "chargeback", "reference": "C-1", "on": today, "amount": "10.00"});
    let etag = leader.etag(&path).await;
    let reversed = leader.post_at(&format!("{path}/reversals"), &etag, &taken).await.ok();
    let run = json!({"from": today, "to": today});
    let run = leader.post("/api/v1/incentives/recalculations", &run).await.ok();
    let through = format!("/api/v1/incentives/recalculations/{}", id(&run));
    until("the run is through", async || {
        (leader.get(&through).await.ok()["status"] == "finished").then_some(())
    })
    .await;
    vec![
        ("plans", plan.rsplit('/').next().unwrap().to_owned(), Owner::Both),
        ("sales", id(&sale), Owner::Both),
        ("earnings", id(&earning), Owner::Both),
        ("sale-reversals", id(&reversed["reversals"][0]), Owner::Vendor),
        ("recalculations", id(&run), Owner::Vendor),
    ]
}

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}
