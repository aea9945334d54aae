use axum::http::Method;
use guildhall_kernel::{OrgId, PayoutId};
use serde_json::{Value, json};

use super::stub::{becomes, open, signature};
use super::till::{IBAN, Till, iban};
use crate::support::Answer;

#[tokio::test]
async fn a_transfer_that_is_reversed_comes_back_if_the_service_says_so() {
    let (till, _) = open(&[]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    let id: guildhall_kernel::PayoutId = payout["id"].as_str().unwrap().parse().unwrap();
    let at = till.server.clock.now().timestamp();
    let event = json!({"id": "evt_1", "type": "transfer.reversed", "created": at, "data": {"object": {"id": "tr_0",
        "amount": 10_000, "amount_reversed": 10_000, "currency": "eur", "reversed": true,
        "metadata": {"payout_id": id.uuid()}}}})
    .to_string();
    let send = async |vendor, signature: String| {
        let path = format!("/api/v1/payout-settings/{vendor}/stripe-events");
        let headers = [
            ("content-type", "application/json"),
            ("stripe-signature", signature.as_str()),
        ];
        let anonymous = till.server.anonymous();
        anonymous
            .send(axum::http::Method::POST, &path, &headers, event.clone())
            .await
    };
    let vendor = till.scene.northwind;
    let forged = send(vendor, signature("whsec_another", at, &event)).await;
    forged.problem(400, "bad_signature");
    let late = send(vendor, signature("whsec_12345678", at - 301, &event)).await;
    late.problem(400, "bad_signature");
    let other = send(till.scene.southgate, signature("whsec_12345678", at, &event)).await;
    other.problem(404, "not_found");
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    for _ in 0..2 {
        let taken = send(vendor, signature("whsec_12345678", at, &event)).await;
        assert_eq!(taken.status.as_u16(), 204, "{:?}", taken.body);
    }
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    assert_eq!(till.told().await, ["payout.sent", "payout.paid", "payout.returned"]);
    till.sound().await;
}

/// A transfer that was reversed, as the service tells of it.
fn reversed(transfer: &str, payout: &Value, amount: u64) -> Value {
    let id: PayoutId = payout["id"].as_str().unwrap().parse().unwrap();
    json!({"id": "evt_1", "type": "transfer.reversed", "created": 1_772_500_000, "data": {"object": {"id": transfer,
        "amount": 10_000, "amount_reversed": amount, "currency": "eur", "reversed": amount == 10_000,
        "metadata": {"payout_id": id.uuid()}}}})
}

/// The service tells Northwind of something.
async fn tell(till: &Till, event: &Value) -> Answer {
    let (vendor, event): (OrgId, String) = (till.scene.northwind, event.to_string());
    let path = format!("/api/v1/payout-settings/{vendor}/stripe-events");
    let signature = signature("whsec_12345678", till.server.clock.now().timestamp(), &event);
    let headers = [("content-type", "application/json"), ("stripe-signature", &signature)];
    till.server.anonymous().send(Method::POST, &path, &headers, event).await
}

#[tokio::test]
async fn what_happens_in_a_connected_account_is_its_owners() {
    let (till, _) = open(&[]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    let mut connected = reversed("tr_0", &payout, 10_000);
    connected["account"] = "acct_1MTfjCQ9PRzxEwkZ".into();
    assert_eq!(tell(&till, &connected).await.status.as_u16(), 204);
    let mut failed = reversed("tr_0", &payout, 10_000);
    failed["type"] = "payout.failed".into();
    assert_eq!(tell(&till, &failed).await.status.as_u16(), 204);
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    assert_eq!(till.told().await, ["payout.sent", "payout.paid"]);
    tell(&till, &reversed("tr_0", &payout, 10_000)).await;
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_reversal_is_believed_of_the_payouts_own_transfer_alone() {
    let (till, _) = open(&[]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    assert_eq!(
        tell(&till, &reversed("tr_another", &payout, 10_000))
            .await
            .status
            .as_u16(),
        204
    );
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_reversal_says_nothing_of_a_payout_by_file() {
    let (till, _) = open(&[]).await;
    till.profile(&till.alder, &iban(IBAN)).await.ok();
    till.rested().await;
    let batch = till.pay("pain001").await;
    let payout = till.payout(&batch).await;
    assert_eq!(
        tell(&till, &reversed("tr_0", &payout, 10_000)).await.status.as_u16(),
        204
    );
    assert_eq!(till.payout(&batch).await["status"], "sent");
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_reversal_in_part_is_told_and_settled_by_a_person() {
    let (till, _) = open(&[]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    tell(&till, &reversed("tr_0", &payout, 2_500)).await;
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    assert_eq!(till.told().await, ["payout.sent", "payout.paid", "payout.contradicted"]);
    let checker = till.server.login("owner@northwind.example").await;
    let path = format!("/api/v1/payouts/{}/resolve", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    let finding = json!({"outcome": "returned", "reference": "trr_1", "note": "Alder sends the rest by bank"});
    assert_eq!(checker.post_at(&path, &etag, &finding).await.ok()["status"], "returned");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sound().await;
}
