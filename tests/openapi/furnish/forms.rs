use axum::http::Method;
use guildhall_kernel::{ProgramId, id_text};
use serde_json::{Value, json};

use super::{Owner, Record};
use crate::openapi::world::Company;
use crate::support::{Caller, deal_body};

fn id(record: &Value) -> String {
    record["id"].as_str().unwrap().to_owned()
}

async fn send_file(caller: &Caller) -> String {
    let answer = caller
        .send(Method::POST, "/api/v1/files?name=note.txt", &[], "plain words")
        .await;
    id(&answer.ok())
}

/// An approved deal with a proposed amendment.
async fn amendment(vendor: &Caller, partner: &Caller, company: &Company) -> String {
    let body = deal_body(company.org, "Amended", &format!("amended-{}.example", company.name));
    let made = partner.post("/api/v1/deals", &body).await;
    let path = made.header("location");
    let approved = vendor
        .post_at(&format!("{path}/approve"), &made.header("etag"), &json!({}))
        .await;
    approved.ok();
    let change = json!({"contacts": []});
    let proposed = partner
        .post_at(&format!("{path}/amendments"), &approved.header("etag"), &change)
        .await;
    id(&proposed.ok())
}

pub(super) async fn records(vendor: &Company, partner: &Company) -> Vec<Record> {
    let (seller, rep) = (&vendor.leader().caller, &partner.leader().caller);
    let program = id_text("prog", vendor.org.uuid()).unwrap();
    assert!(program.parse::<ProgramId>().is_ok());
    let draft = rep.post("/api/v1/deal-drafts", &json!({})).await.ok();
    let deals = rep.get("/api/v1/deals").await.ok();
    let deal = format!("/api/v1/deals/{}", id(&deals["items"][0]));
    let comment = json!({"body": "A word."});
    let comment = rep.post(&format!("{deal}/comments"), &comment).await.ok();
    let attached = send_file(rep).await;
    rep.post(&format!("{deal}/attachments"), &json!({"file_id": attached}))
        .await
        .ok();
    let amendment = amendment(seller, rep, vendor).await;
    vec![
        ("deal-forms", program, Owner::Both),
        ("deal-drafts", id(&draft), Owner::Partner),
        ("deal-comments", id(&comment), Owner::Both),
        ("deal-attachments", attached, Owner::Both),
        ("deal-amendments", amendment, Owner::Both),
        ("files", send_file(rep).await, Owner::Partner),
    ]
}
