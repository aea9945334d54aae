use serde_json::{Value, json};

use super::{Owner, Record};
use crate::openapi::world::Company;
use crate::support::{Answer, Caller, deal_body};

async fn act(caller: &Caller, path: &str, act: &str, body: &Value) -> Answer {
    let etag = caller.etag(path).await;
    caller.post_at(&format!("{path}/{act}"), &etag, body).await
}

/// A program that no partner stands in, and a protected deal with everything that can be asked of it.
pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let (chief, rep) = (&vendor.leader().caller, &partner.people["sales"].caller);
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    let program = json!({"name": format!("Program without {}", partner.name)});
    let program = id(&chief.post("/api/v1/programs", &program).await.ok());
    let domain = format!("protected-for-{}.example", partner.name);
    let body = deal_body(vendor.org, &format!("Kept by {}", partner.name), &domain);
    let deal = rep.post("/api/v1/deals", &body).await;
    let (path, deal) = (deal.header("location"), id(&deal.ok()));
    act(chief, &path, "approve", &json!({})).await.ok();
    let extension = rep
        .post(&format!("{path}/extensions"), &json!({"evidence": "A pilot runs."}))
        .await;
    let release = json!({"asked_by": "Jo Doe", "evidence": "A letter."});
    let release = chief.post(&format!("{path}/release"), &release).await;
    let account = json!({"accounts": [{"external_ref": format!("of {}", partner.name), "kind": "account",
        "name": "Somebody Else", "country": "DE", "stage": "open"}]});
    let accounts = chief.send(
        axum::http::Method::PUT,
        "/api/v1/direct-accounts",
        &[("content-type", "application/json")],
        account.to_string(),
    );
    let account = accounts.await.ok()["changed"][0].as_str().unwrap().to_owned();
    let case = json!({"deal_ids": [deal], "account_ids": [account]});
    let case = chief.post("/api/v1/conflict-cases", &case).await;
    let members = chief.get("/api/v1/members?limit=100").await.ok();
    let members = members["items"].as_array().unwrap();
    let admin = members.iter().find(|member| member["role"] == "admin").unwrap();
    let loan = json!({"to_user_id": admin["user"]["id"], "ends_at": "2099-01-01T00:00:00Z",
        "starts_at": "2098-12-01T00:00:00Z"});
    let loan = chief.post("/api/v1/approval-delegations", &loan).await;
    vec![
        ("programs", program.clone(), Owner::Both),
        ("deal-policies", program, Owner::Both),
        ("extensions", id(&extension.ok()), Owner::Both),
        ("releases", id(&release.ok()), Owner::Both),
        ("conflict-cases", id(&case.ok()), Owner::Both),
        ("direct-accounts", account, Owner::Both),
        ("approval-delegations", id(&loan.ok()), Owner::Both),
    ]
}
