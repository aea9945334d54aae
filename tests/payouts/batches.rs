use serde_json::{Value, json};

use super::till::{Till, iban, put, put_at};

async fn skipped(till: &Till, batch: &str) -> Value {
    let page = till.maker.get(&format!("{batch}/skipped")).await.ok();
    let rows = page["items"].as_array().unwrap();
    rows.iter().map(|row| json!([row["reason"], row["amount"]])).collect()
}

#[tokio::test]
async fn a_batch_needs_two_people() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    let etag = till.maker.etag(&batch).await;
    let own = till.maker.post_at(&format!("{batch}/approve"), &etag, &json!({})).await;
    own.problem(409, "maker_is_approver");
    till.execute(&batch).await.problem(409, "illegal_move");
    let viewer = till.server.login("viewer@northwind.example").await;
    viewer
        .post_at(&format!("{batch}/approve"), &etag, &json!({}))
        .await
        .problem(403, "forbidden");
    let stale = till
        .checker
        .post_at(&format!("{batch}/approve"), "\"v9\"", &json!({}))
        .await;
    stale.problem(412, "stale_version");
    let approved = till.approve(&batch).await.ok();
    assert_eq!(
        json!([approved["status"], approved["net"]]),
        json!(["approved", "100.00"])
    );
    till.sound().await;
}

#[tokio::test]
async fn money_moves_under_a_key_only() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let bare = till.maker.post("/api/v1/payout-batches", &till.draft("pain001")).await;
    bare.problem(400, "idempotency_key_required");
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    let bare = till.maker.post(&format!("{batch}/execute"), &json!({})).await;
    bare.problem(400, "idempotency_key_required");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
}

#[tokio::test]
async fn a_repeated_proposal_takes_nothing_twice() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let draft = till.draft("pain001");
    let first = till.maker.post_once("/api/v1/payout-batches", "k-1", &draft).await;
    let again = till.maker.post_once("/api/v1/payout-batches", "k-1", &draft).await;
    assert_eq!(first.ok()["id"], again.ok()["id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let nothing = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(nothing["skipped"], json!({}));
}

#[tokio::test]
async fn who_is_left_out_is_told_why_and_stays_owed() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    till.earn(till.scene.birch, "70.00").await;
    let batch = till.propose("pain001").await;
    assert_eq!(skipped(&till, &batch).await, json!([["no_profile", "70.00"]]));
    let birch = till.server.login("admin@birch.example").await;
    till.profile(&birch, &iban(super::till::OTHER_IBAN)).await.ok();
    let resting = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(resting["skipped"], json!({"cooling_off": 1}));
    till.rested().await;
    let other = till.try_propose("manual").await.problem(409, "nothing_to_pay");
    assert_eq!(other["skipped"], json!({"other_method": 1}));
    till.sql("UPDATE partnership SET status = 'suspended'").await;
    let suspended = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(suspended["skipped"], json!({"not_active": 1}));
    till.sql("UPDATE partnership SET status = 'active'").await;
    let second = till.propose("pain001").await;
    assert_eq!(till.payout(&second).await["net"], "70.00");
    till.sound().await;
}

#[tokio::test]
async fn what_is_below_the_minimum_or_below_nothing_is_carried() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "30.00").await;
    till.earn(till.scene.alder, "-35.00").await;
    let carried = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(carried["skipped"], json!({"not_positive": 1}));
    till.earn(till.scene.alder, "14.99").await;
    let carried = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(carried["skipped"], json!({"below_minimum": 1}));
    till.earn(till.scene.alder, "0.01").await;
    let batch = till.propose("pain001").await;
    let payout = till.payout(&batch).await;
    assert_eq!(json!([payout["net"], payout["lines"]]), json!(["10.00", 4]));
    let path = format!("/api/v1/payouts/{}", payout["id"].as_str().unwrap());
    let earnings = till.maker.get(&path).await.ok()["earnings"].clone();
    let amounts: Value = earnings
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["amount"].clone())
        .collect();
    assert_eq!(amounts, json!(["30.00", "-35.00", "14.99", "0.01"]));
    till.sound().await;
}

#[tokio::test]
async fn tax_is_withheld_by_country_and_form() {
    let till = Till::open().await;
    let rule = json!({"country": "DE", "effective_from": "2020-01-01", "withholding_percent": "5", "self_billing": true, "vat_percent": "19"});
    put(&till.maker, "/api/v1/payout-tax-rules", &rule).await.ok();
    till.earn(till.scene.alder, "200.50").await;
    let missing = till.try_propose("pain001").await.problem(409, "nothing_to_pay");
    assert_eq!(missing["skipped"], json!({"tax_form_missing": 1}));
    let mut profile = super::till::profile(&iban(super::till::IBAN));
    profile["tax_form"] = "vat".into();
    profile["tax_id"] = "DE123456789".into();
    put(&till.alder, "/api/v1/payout-profile", &profile).await.ok();
    let listed = till
        .maker
        .get(&format!("/api/v1/payout-profiles?partner_id={}", till.scene.alder))
        .await
        .ok();
    let shown = &listed["items"][0];
    assert_eq!(
        json!([shown["destination"], shown["tax_status"]]),
        json!(["DE** **** 3000", "missing"])
    );
    let path = format!("/api/v1/payout-profiles/{}/tax-status", shown["id"].as_str().unwrap());
    till.maker.post(&path, &json!({"status": "verified"})).await.ok();
    let batch = till.pay("pain001").await;
    let payout = till.payout(&batch).await;
    // 5 % of 200.50 is 10.025: the even cent.
    assert_eq!(
        json!([payout["withheld"], payout["net"], payout["withholding_percent"]]),
        json!(["10.02", "190.48", "5"])
    );
    assert!(
        payout["self_billing_no"].as_str().unwrap().ends_with("-000001"),
        "{payout}"
    );
    assert_eq!(
        till.ledger().await,
        json!({"in_transit": "190.48", "withheld_tax": "10.02"})
    );
    till.sound().await;
}

#[tokio::test]
async fn a_payout_is_removed_before_the_approval_only() {
    let till = Till::open().await;
    let birch = till.server.login("admin@birch.example").await;
    till.profile(&birch, &iban(super::till::OTHER_IBAN)).await.ok();
    till.rested().await;
    till.earn(till.scene.alder, "100.00").await;
    till.earn(till.scene.birch, "70.00").await;
    let batch = till.propose("pain001").await;
    let payouts = till.payouts(&batch).await;
    let path = |payout: &Value| format!("/api/v1/payouts/{}/remove", payout["id"].as_str().unwrap());
    let etag = till.maker.etag(&batch).await;
    let reduced = till.maker.post_at(&path(&payouts[0]), &etag, &json!({})).await.ok();
    assert_eq!(json!([reduced["payouts"], reduced["version"]]), json!([1, 2]));
    let stale = till
        .checker
        .post_at(&format!("{batch}/approve"), &etag, &json!({}))
        .await;
    stale.problem(412, "stale_version");
    till.approve(&batch).await.ok();
    let etag = till.maker.etag(&batch).await;
    till.maker
        .post_at(&path(&payouts[1]), &etag, &json!({}))
        .await
        .problem(409, "batch_approved");
    let etag = till.maker.etag(&batch).await;
    till.maker
        .post_at(&format!("{batch}/cancel"), &etag, &json!({}))
        .await
        .ok();
    assert_eq!(till.payouts(&till.propose("pain001").await).await.len(), 2);
    till.sound().await;
}

#[tokio::test]
async fn nobody_else_sees_a_batch() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    let payout = till.payout(&batch).await["id"].as_str().unwrap().to_owned();
    let south = till.server.login("owner@southgate.example").await;
    for path in [
        batch.clone(),
        format!("{batch}/skipped"),
        format!("{batch}/file"),
        format!("/api/v1/payouts/{payout}"),
    ] {
        south.get(&path).await.problem(404, "not_found");
    }
    for path in [
        format!("{batch}/approve"),
        format!("{batch}/cancel"),
        format!("/api/v1/payouts/{payout}/settle"),
    ] {
        let body = if path.ends_with("settle") {
            json!({"outcome": "paid"})
        } else {
            json!({})
        };
        south.post_at(&path, "\"v1\"", &body).await.problem(404, "not_found");
    }
    south
        .post_once(&format!("{batch}/execute"), "k", &json!({}))
        .await
        .problem(404, "not_found");
    assert_eq!(
        till.alder.get("/api/v1/payouts").await.ok()["items"],
        json!([]),
        "before the money leaves"
    );
    till.alder
        .get(&format!("/api/v1/payouts/{payout}"))
        .await
        .problem(404, "not_found");
    till.approve(&batch).await.ok();
    till.execute(&batch).await.ok();
    assert_eq!(
        till.alder.get("/api/v1/payouts").await.ok()["items"][0]["net"],
        "100.00"
    );
    let birch = till.server.login("finance@birch.example").await;
    birch
        .get(&format!("/api/v1/payouts/{payout}"))
        .await
        .problem(404, "not_found");
    let stale = json!({"minimums": {}});
    put_at(&till.maker, "/api/v1/payout-settings", "\"v0\"", &stale)
        .await
        .problem(412, "stale_version");
}
