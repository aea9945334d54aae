use axum::http::Method;
use serde_json::{Value, json};

use super::keyed;
use super::play::{Play, ten_percent};
use crate::support::{Answer, Caller};

const ADDRESS: &str = "/api/v1/incentives/claims";

/// Fifty euros to the person for each gateway that it proves to have installed.
fn spiff() -> Value {
    json!({"type": "spiff", "trigger": "activity", "currency": "EUR", "payee": "person", "proof": true,
        "amount": {"per_activity": "50"}, "when": {"activities": ["gateway_installed"]}})
}

async fn file(by: &Caller) -> Value {
    let sent = by
        .send(Method::POST, "/api/v1/files?name=proof.txt", &[], "plain words")
        .await;
    sent.ok()["id"].clone()
}

/// A claim by a seller of Alder's.
async fn claim(play: &Play, plan: &str, serial: &str) -> Answer {
    let body = draft(play, plan, serial, &file(&play.seller).await);
    play.seller.post(ADDRESS, &body).await
}

fn draft(play: &Play, plan: &str, serial: &str, file: &Value) -> Value {
    let today = play.server.app().clock.now().date_naive();
    let plan = plan.rsplit('/').next().unwrap();
    json!({"plan_id": plan, "done_on": today, "serial": serial, "files": [file]})
}

#[tokio::test]
async fn a_verified_claim_pays_the_person_once() {
    let play = Play::begin().await;
    let plan = play.plan("Install", spiff()).await;
    let made = claim(&play, &plan, "EG-1").await;
    let path = made.header("location");
    assert_eq!(
        json!([made.ok()["status"], made.ok()["activity"]]),
        json!(["submitted", "gateway_installed"])
    );
    assert!(play.earnings(&play.seller).await.is_empty());
    claim(&play, &plan, "eg-1").await.problem(409, "already_claimed");
    let etag = play.finance.etag(&path).await;
    let verify = format!("{path}/verify");
    let (said, silent) = (json!({"answer": "Seen"}), json!({}));
    let (one, two) = tokio::join!(
        play.finance.post_at(&verify, &etag, &said),
        play.owner.post_at(&verify, &etag, &silent),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let earnings = play.earnings(&play.seller).await;
    let [earning] = earnings.as_slice() else {
        panic!("{earnings:?}");
    };
    let claim = play.seller.get(&path).await.ok();
    assert_eq!(
        json!([
            earning["amount"],
            earning["kind"],
            earning["sale_id"],
            earning["user_id"]
        ]),
        json!(["50.00", "spiff", claim["sale_id"], claim["user_id"]])
    );
    keyed::post_now(&play.finance, &path, "reject", &json!({"because": "duplicate"}))
        .await
        .problem(409, "illegal_move");
    play.sound().await;
}

#[tokio::test]
async fn what_was_rejected_or_withdrawn_can_be_claimed_again() {
    let play = Play::begin().await;
    let plan = play.plan("Install", spiff()).await;
    let path = claim(&play, &plan, "EG-1").await.header("location");
    let unsaid = keyed::post_now(&play.finance, &path, "reject", &json!({"because": "other"})).await;
    assert_eq!(unsaid.problem(422, "invalid_body")["errors"][0]["pointer"], "/answer");
    let rejected = keyed::post_now(
        &play.finance,
        &path,
        "reject",
        &json!({"because": "proof_insufficient"}),
    )
    .await
    .ok();
    assert_eq!(
        json!([rejected["status"], rejected["rejected_because"]]),
        json!(["rejected", "proof_insufficient"])
    );
    let path = claim(&play, &plan, "EG-1").await.header("location");
    keyed::post_now(&play.seller, &path, "withdraw", &json!({})).await.ok();
    keyed::post_now(&play.finance, &path, "verify", &json!({}))
        .await
        .problem(409, "illegal_move");
    claim(&play, &plan, "EG-1").await.ok();
    assert!(play.earnings(&play.seller).await.is_empty());
    let open = play.finance.get(&format!("{ADDRESS}?status=submitted")).await.ok();
    assert_eq!(open["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_claim_is_for_its_person_its_company_and_the_vendor() {
    let play = Play::begin().await;
    let plan = play.plan("Install", spiff()).await;
    let path = claim(&play, &plan, "EG-1").await.header("location");
    for by in [&play.seller, &play.alder, &play.finance] {
        by.get(&path).await.ok();
    }
    let proof = play.finance.get(&path).await.ok()["files"][0]["id"].clone();
    let proof = format!("/api/v1/files/{}", proof.as_str().unwrap());
    assert_eq!(play.finance.get(&proof).await.status.as_u16(), 200);
    play.birch.get(&proof).await.problem(404, "not_found");
    let colleague = play.server.login("technical@alder.example").await;
    let stranger = play.server.login("finance@southgate.example").await;
    for by in [&colleague, &play.birch, &stranger] {
        by.get(&path).await.problem(404, "not_found");
    }
    let etag = play.seller.etag(&path).await;
    play.seller
        .post_at(&format!("{path}/verify"), &etag, &json!({}))
        .await
        .problem(403, "forbidden");
    play.finance
        .post_at(&format!("{path}/withdraw"), &etag, &json!({}))
        .await
        .problem(403, "forbidden");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_claimed() {
    let play = Play::begin().await;
    let plan = play.plan("Install", spiff()).await;
    let commission = play.plan("Reseller commission", ten_percent()).await;
    let file = file(&play.seller).await;
    let good = draft(&play, &plan, "EG-1", &file);
    let refused = async |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        let problem = play.seller.post(ADDRESS, &body).await.problem(422, "invalid_body");
        problem["errors"][0]["pointer"].clone()
    };
    let commission = commission.rsplit('/').next().unwrap();
    assert_eq!(refused("plan_id", json!(commission)).await, "/plan_id");
    assert_eq!(
        refused("plan_id", json!("plan_01kaqv6r3gf5ht2x0m8c9ezw4n")).await,
        "/plan_id"
    );
    assert_eq!(refused("done_on", json!("2001-01-01")).await, "/done_on");
    assert_eq!(refused("serial", json!(null)).await, "/serial");
    assert_eq!(refused("serial", json!(" EG-1")).await, "/serial");
    assert_eq!(refused("activity", json!("coffee_drunk")).await, "/activity");
    assert_eq!(refused("files", json!([])).await, "/files");
    assert_eq!(
        refused("files", json!(["file_01kaqv6r3gf5ht2x0m8c9ezw4n"])).await,
        "/files/0"
    );
    let cedar = play.server.login("sales@cedar.example").await;
    let problem = cedar.post(ADDRESS, &good).await.problem(422, "invalid_body");
    assert_eq!(problem["errors"][0]["pointer"], "/plan_id");
    play.seller.post(ADDRESS, &good).await.ok();
}
