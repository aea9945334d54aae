use serde_json::json;

use super::till::{OTHER_IBAN, Till, iban};
use crate::support::Caller;

#[tokio::test]
async fn a_batch_is_one_file_however_often_it_is_executed() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    till.earn(till.scene.alder, "-20.00").await;
    let batch = till.pay("pain001").await;
    let payout = till.payout(&batch).await;
    assert_eq!(json!([payout["status"], payout["net"]]), json!(["sent", "80.00"]));
    let first = till.maker.get(&format!("{batch}/file")).await;
    let text = String::from_utf8(first.body.to_vec()).unwrap();
    let id = payout["id"].as_str().unwrap().strip_prefix("pay_").unwrap();
    for part in [
        &format!("<EndToEndId>{id}</EndToEndId>"),
        "<CtrlSum>80.00</CtrlSum>",
        "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(till.execute(&batch).await.ok()["status"], "executed");
    let again = till.maker.get(&format!("{batch}/file")).await;
    assert_eq!(first.body, again.body);
    assert_eq!(till.ledger().await, json!({"in_transit": "80.00"}));
    assert_eq!(till.told().await, ["payout.sent"]);
    till.sound().await;
}

#[tokio::test]
async fn two_who_execute_at_once_pay_once() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    let execute = async |who: &Caller, key: &str| who.post_once(&format!("{batch}/execute"), key, &json!({})).await;
    let both = tokio::join!(
        execute(&till.maker, "a"),
        execute(&till.checker, "b"),
        execute(&till.maker, "c")
    );
    for answer in [both.0, both.1, both.2] {
        assert_eq!(answer.ok()["status"], "executed");
    }
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    assert_eq!(till.told().await, ["payout.sent"]);
    till.sound().await;
}

#[tokio::test]
async fn a_batch_that_is_not_what_was_approved_is_not_paid() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    till.sql("UPDATE payout_line SET amount = amount + 1").await;
    till.execute(&batch).await.problem(409, "batch_changed");
    till.sql("UPDATE payout_line SET amount = amount - 1").await;
    till.sql("UPDATE payout_batch SET execution_date = execution_date + 1")
        .await;
    till.execute(&batch).await.problem(409, "batch_changed");
    till.sql("UPDATE payout_batch SET execution_date = execution_date - 1")
        .await;
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    assert!(till.told().await.is_empty());
    till.execute(&batch).await.ok();
    till.sound().await;
}

#[tokio::test]
async fn a_destination_changed_after_the_approval_stops_the_payout() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    till.profile(&till.alder, &iban(OTHER_IBAN)).await.ok();
    assert_eq!(till.execute(&batch).await.ok()["status"], "executed");
    let payout = till.payout(&batch).await;
    assert_eq!(
        json!([payout["status"], payout["reason_code"]]),
        json!(["stopped", "profile_changed"])
    );
    till.maker.get(&format!("{batch}/file")).await.problem(404, "not_found");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
    let path = format!("/api/v1/payouts/{}/resolve", payout["id"].as_str().unwrap());
    let finding = |outcome| json!({"outcome": outcome, "note": "asked Alder"});
    let etag = format!("\"v{}\"", payout["version"]);
    let maker = till.maker.post_at(&path, &etag, &finding("not_paid")).await;
    maker.problem(409, "maker_is_approver");
    till.checker
        .post_at(&path, &etag, &finding("paid"))
        .await
        .problem(409, "illegal_move");
    let resolved = till.checker.post_at(&path, &etag, &finding("not_paid")).await.ok();
    assert_eq!(resolved["status"], "failed");
    assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    till.rested().await;
    let second = till.pay("pain001").await;
    let text = till.maker.get(&format!("{second}/file")).await;
    assert!(String::from_utf8_lossy(&text.body).contains(OTHER_IBAN));
    till.sound().await;
}

#[tokio::test]
async fn people_say_what_became_of_what_they_pay() {
    let till = Till::open().await;
    till.profile(&till.alder, &json!({"type": "manual", "note": "cheque"}))
        .await
        .ok();
    till.rested().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("manual").await;
    let payout = till.payout(&batch).await;
    let path = format!("/api/v1/payouts/{}/settle", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    let unreasoned = till.maker.post_at(&path, &etag, &json!({"outcome": "failed"})).await;
    unreasoned.problem(422, "invalid_body");
    let failed = json!({"outcome": "failed", "reason": "the cheque came back"});
    let answer = till.maker.post_at(&path, &etag, &failed).await.ok();
    assert_eq!(
        json!([answer["status"], answer["reason"]]),
        json!(["failed", "the cheque came back"])
    );
    till.maker
        .post_at(&path, &etag, &failed)
        .await
        .problem(409, "illegal_move");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    let batch = till.pay("manual").await;
    let payout = till.payout(&batch).await;
    let path = format!("/api/v1/payouts/{}/settle", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    till.maker.post_at(&path, &etag, &json!({"outcome": "paid"})).await.ok();
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    assert_eq!(
        till.told().await,
        ["payout.sent", "payout.failed", "payout.sent", "payout.paid"]
    );
    till.sound().await;
}

#[tokio::test]
async fn without_an_account_to_pay_from_nothing_leaves() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    till.sql("UPDATE payout_settings SET debtor_secret_id = NULL").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    till.execute(&batch).await.problem(409, "payer_incomplete");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
}
