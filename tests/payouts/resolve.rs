//! Payouts that a person has to settle: who may, and what must be said.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::bank::{camt054, name, send};
use super::stub::{Manner, becomes, open};
use super::till::Till;
use crate::support::{Answer, Caller, until};

async fn resolve(who: &Caller, payout: &Value, finding: Value) -> Answer {
    let path = format!("/api/v1/payouts/{}/resolve", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    who.post_at(&path, &etag, &finding).await
}

#[tokio::test]
async fn a_return_of_another_amount_is_told_and_settled_by_a_second_person() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    send(&till.maker, &camt054("N-1", &id, "100.00", false)).await.ok();
    let back = send(&till.maker, &camt054("N-2", &id, "92.50", true)).await.ok();
    assert_eq!(json!([back["returned"], back["clash_count"]]), json!([0, 1]), "{back}");
    assert_eq!(back["clashes"][0]["status"], "paid");
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    let mut db = till.server.database.connect().await;
    let (audiences, told): (Vec<uuid::Uuid>, Value) =
        sqlx::query_as("SELECT audiences, data FROM event WHERE kind = 'payout.contradicted'")
            .fetch_one(&mut db)
            .await
            .unwrap();
    assert_eq!(audiences, [till.scene.northwind.uuid()], "the vendor alone");
    assert_eq!(
        json!([told["status"], told["said"], told["said_code"], told["said_reason"]]),
        json!([
            "paid",
            "returned",
            "amount_differs",
            "92.5 EUR were reported, 100 EUR were sent."
        ])
    );

    let payout = till.payout(&batch).await;
    let finding = json!({"outcome": "returned", "reference": "N-2/1", "note": "the bank kept 7.50"});
    resolve(&till.maker, &payout, finding.clone())
        .await
        .problem(409, "maker_is_approver");
    resolve(&till.alder, &payout, finding.clone())
        .await
        .problem(403, "forbidden");
    let bare = resolve(
        &till.checker,
        &payout,
        json!({"outcome": "returned", "note": "a guess"}),
    )
    .await;
    assert_eq!(bare.problem(422, "invalid_body")["errors"][0]["pointer"], "/reference");
    for outcome in ["paid", "not_paid"] {
        let other = resolve(
            &till.checker,
            &payout,
            json!({"outcome": outcome, "reference": "x", "note": "a guess"}),
        )
        .await;
        assert_eq!(other.problem(409, "illegal_move")["legal"], json!(["returned"]));
    }
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    let resolved = resolve(&till.checker, &payout, finding.clone()).await.ok();
    assert_eq!(
        json!([
            resolved["status"],
            resolved["reason_code"],
            resolved["reason"],
            resolved["reference"]
        ]),
        json!(["returned", "resolved", "the bank kept 7.50", "N-2/1"])
    );
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
    // What is owed again is paid again, once.
    let again = till.pay("pain001").await;
    assert_eq!(till.payout(&again).await["net"], "100.00");
    resolve(&till.checker, &resolved, finding)
        .await
        .problem(409, "illegal_move");
    till.sound().await;
}

#[tokio::test]
async fn what_was_stopped_on_its_way_can_have_come_back() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.pay("pain001").await;
    let id = name(&till.payout(&batch).await);
    send(&till.maker, &camt054("N-1", &id, "99.00", false)).await.ok();
    let payout = till.payout(&batch).await;
    let finding = json!({"outcome": "returned", "reference": "N-9", "note": "came back on the 5th"});
    assert_eq!(
        resolve(&till.checker, &payout, finding).await.ok()["status"],
        "returned"
    );
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn who_finds_a_payment_says_which() {
    let (till, stub) = open(&[Manner::Busy; 64]).await;
    till.pay("stripe").await;
    until("a call", async || (stub.calls() > 0).then_some(())).await;
    till.server.clock.advance(TimeDelta::hours(24));
    let payout = becomes(&till, "stopped").await;
    let checker = till.server.login("owner@northwind.example").await;
    for reference in [json!(null), json!("po_1"), json!("")] {
        let finding = json!({"outcome": "paid", "reference": reference, "note": "it is on the dashboard"});
        let refused = resolve(&checker, &payout, finding).await;
        assert_eq!(
            refused.problem(422, "invalid_body")["errors"][0]["pointer"],
            "/reference"
        );
    }
    let finding = json!({"outcome": "paid", "reference": "tr_17", "note": "it is on the dashboard"});
    let resolved = resolve(&checker, &payout, finding).await.ok();
    assert_eq!(
        json!([resolved["status"], resolved["reference"]]),
        json!(["paid", "tr_17"])
    );
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    till.sound().await;
}
