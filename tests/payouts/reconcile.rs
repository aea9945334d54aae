use serde_json::json;

use super::bank::{camt054, name, pain002, send};
use super::till::Till;

#[tokio::test]
async fn a_refused_payout_is_owed_again_and_a_file_counts_once() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    let file = pain002("ANSWER-1", &[(&id, "RJCT"), ("01kaqv6r3gf5ht2x0m8c9ezw4n", "RJCT")]);
    let south = till.server.login("finance@southgate.example").await;
    let theirs = send(&south, &file).await.ok();
    assert_eq!(
        json!([theirs["failed"], theirs["unknown_count"]]),
        json!([0, 2]),
        "another tenant's ids are unknown"
    );
    let result = send(&till.maker, &file).await.ok();
    assert_eq!(
        json!([result["failed"], result["unknown"], result["repeated"]]),
        json!([1, ["01kaqv6r3gf5ht2x0m8c9ezw4n"], false])
    );
    let payout = till.payout(&batch).await;
    assert_eq!(
        json!([payout["status"], payout["reason_code"]]),
        json!(["failed", "AC04"])
    );
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    let again = send(&till.maker, &file).await.ok();
    assert_eq!(json!([again["repeated"], again["failed"]]), json!([true, 1]));
    let other = send(&till.maker, &pain002("ANSWER-2", &[(&id, "RJCT")])).await.ok();
    assert_eq!(json!([other["failed"], other["unchanged"]]), json!([0, 1]));
    let late = send(&till.maker, &pain002("ANSWER-3", &[(&id, "ACSC")])).await.ok();
    assert_eq!(late["clashes"][0]["status"], "failed");
    assert_eq!(
        till.told().await,
        ["payout.sent", "payout.failed", "payout.contradicted"]
    );
    assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    till.sound().await;
    till.pay("pain001").await;
    till.sound().await;
}

#[tokio::test]
async fn what_comes_back_after_it_was_paid_is_owed_again() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    let paid = send(&till.maker, &camt054("N-1", &id, "100.00", false)).await.ok();
    assert_eq!(paid["paid"], 1, "{paid}");
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    till.sound().await;
    let back = send(&till.maker, &camt054("N-2", &id, "100.00", true)).await.ok();
    assert_eq!(back["returned"], 1, "{back}");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    let payout = till.payout(&batch).await;
    assert_eq!(
        json!([payout["status"], payout["reason_code"]]),
        json!(["returned", "AC04"])
    );
    assert_eq!(till.told().await, ["payout.sent", "payout.paid", "payout.returned"]);
    till.sound().await;
}

#[tokio::test]
async fn another_amount_than_ours_waits_for_a_person() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    let result = send(&till.maker, &camt054("N-1", &id, "99.00", false)).await.ok();
    assert_eq!(result["stopped"], 1, "{result}");
    let payout = till.payout(&batch).await;
    assert_eq!(
        json!([payout["status"], payout["reason_code"]]),
        json!(["stopped", "amount_differs"])
    );
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    till.sound().await;
    let path = format!("/api/v1/payouts/{}/resolve", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    let finding = json!({"outcome": "paid", "reference": "N-1/7", "note": "the bank kept its fee"});
    assert_eq!(
        till.checker.post_at(&path, &etag, &finding).await.ok()["status"],
        "paid"
    );
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_changes_nothing() {
    let till = Till::open().await;
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><Document>&a;</Document>";
    for file in ["", "hello", "<Document/>", bomb, "101 nonsense"] {
        send(&till.maker, file).await.problem(422, "unreadable_status_file");
    }
    send(&till.alder, &pain002("A", &[])).await.problem(403, "forbidden");
}
