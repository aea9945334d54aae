use chrono::TimeDelta;
use serde_json::json;

use super::stub::{Manner, becomes, open};
use super::till::{Till, put_at};
use crate::support::until;

#[tokio::test]
async fn a_transfer_is_sent_under_the_payouts_key() {
    let (till, stub) = open(&[]).await;
    let batch = till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    assert_eq!(payout["reference"], "tr_0");
    let transfer = stub.transfers()[0].clone();
    assert_eq!(
        json!([transfer["amount"], transfer["destination"]]),
        json!([10_000, "acct_1MTfjCQ9PRzxEwkZ"])
    );
    assert_eq!(till.ledger().await, json!({"paid": "100.00"}));
    assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    assert_eq!(till.told().await, ["payout.sent", "payout.paid"]);
    till.sound().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_up_and_paid_once() {
    let (till, stub) = open(&[Manner::PayAndBreak]).await;
    till.pay("stripe").await;
    becomes(&till, "paid").await;
    assert_eq!((stub.calls(), stub.paid()), (1, 1), "looked up, not sent again");
    till.sound().await;
}

#[tokio::test]
async fn a_busy_service_is_asked_again_with_the_same_key() {
    let (till, stub) = open(&[Manner::Busy, Manner::Busy]).await;
    till.pay("stripe").await;
    becomes(&till, "paid").await;
    let calls = stub.keys();
    assert!(
        calls.len() == 3 && calls.iter().all(|key| *key == calls[0]),
        "{calls:?}"
    );
    assert_eq!(stub.paid(), 1);
    till.sound().await;
}

#[tokio::test]
async fn a_refused_transfer_is_owed_again() {
    let (till, stub) = open(&[Manner::Refuse]).await;
    till.pay("stripe").await;
    let payout = becomes(&till, "failed").await;
    assert_eq!(payout["reason_code"], "balance_insufficient");
    assert_eq!((stub.paid(), till.ledger().await), (0, json!({"payable": "100.00"})));
    assert_eq!(till.told().await, ["payout.failed"]);
    till.sound().await;
}

#[tokio::test]
async fn what_is_unknown_after_a_day_stops_for_a_person() {
    let (till, stub) = open(&[Manner::Busy; 64]).await;
    till.pay("stripe").await;
    until("a call", async || (stub.calls() > 0).then_some(())).await;
    till.server.clock.advance(TimeDelta::hours(24));
    let payout = becomes(&till, "stopped").await;
    let checker = till.server.login("owner@northwind.example").await;
    assert_eq!(payout["reason_code"], "outcome_unknown");
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    let before = stub.calls();
    let path = format!("/api/v1/payouts/{}/resolve", payout["id"].as_str().unwrap());
    let etag = format!("\"v{}\"", payout["version"]);
    let finding = json!({"outcome": "not_paid", "note": "the dashboard has no such transfer"});
    assert_eq!(checker.post_at(&path, &etag, &finding).await.ok()["status"], "failed");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    assert_eq!(stub.calls(), before);
    till.sound().await;
}

#[tokio::test]
async fn the_key_stays_while_a_transfer_is_on_its_way() {
    let (till, stub) = open(&[Manner::Busy]).await;
    till.pay("stripe").await;
    until("the call", async || (stub.calls() == 1).then_some(())).await;
    let path = "/api/v1/payout-settings";
    let etag = till.checker.etag(path).await;
    for keys in [json!({"secret_key": "sk_test_87654321"}), json!(null)] {
        let refused = put_at(&till.checker, path, &etag, &json!({"stripe": keys})).await;
        refused.problem(409, "illegal_move");
    }
    let minimums = put_at(&till.checker, path, &etag, &json!({"minimums": {"EUR": "10.00"}})).await;
    minimums.ok();
    becomes(&till, "paid").await;
    let checker = till.server.login("owner@northwind.example").await;
    let keys = json!({"stripe": {"secret_key": "sk_test_87654321"}});
    put_at(&checker, path, &checker.etag(path).await, &keys).await.ok();
    assert_eq!(stub.paid(), 1);
    till.sound().await;
}

/// Alder's and Birch's payouts, by the partner.
async fn statuses(till: &Till) -> (String, String) {
    let mut db = till.server.database.connect().await;
    let rows: Vec<(guildhall_kernel::OrgId, String)> = sqlx::query_as("SELECT partner_id, status FROM payout")
        .fetch_all(&mut db)
        .await
        .unwrap();
    let of = |partner| rows.iter().find(|(whose, _)| *whose == partner).unwrap().1.clone();
    (of(till.scene.alder), of(till.scene.birch))
}

/// Birch is paid by the service too.
async fn with_birch(till: &Till) {
    let birch = till.server.login("finance@birch.example").await;
    let account = json!({"type": "stripe", "account": "acct_1Birch7QPRzxEwkZ"});
    till.profile(&birch, &account).await.ok();
    till.rested().await;
    till.earn(till.scene.birch, "70.00").await;
}

const SPOIL_ALDERS: &str = "UPDATE payout_secret SET sealed = '\\x00' WHERE id = (
    SELECT d.secret_id FROM payout_profile f JOIN payout_destination d ON d.id = f.destination_id
    JOIN organisation o ON o.id = f.partner_id WHERE o.slug = 'alder')";

#[tokio::test]
async fn a_payout_that_cannot_be_read_delays_no_other() {
    one_is_unreadable(&[SPOIL_ALDERS], "destination_unreadable")
        .await
        .sound()
        .await;
    // Nothing that the server does makes it so.
    one_is_unreadable(
        &[
            "ALTER TABLE payout DISABLE TRIGGER payout_stays",
            "UPDATE payout SET currency = 'QQQ' FROM organisation o WHERE o.id = partner_id AND o.slug = 'alder'",
            "ALTER TABLE payout ENABLE TRIGGER payout_stays",
        ],
        "currency_unknown",
    )
    .await;
}

async fn one_is_unreadable(spoil: &[&'static str], code: &str) -> Till {
    let (till, stub) = open(&[Manner::Busy, Manner::Busy]).await;
    with_birch(&till).await;
    till.pay("stripe").await;
    let mut db = till.server.database.connect().await;
    until("both are put off", async || {
        let put_off: i64 = sqlx::query_scalar("SELECT count(*) FROM payout WHERE attempts = 1 AND reason IS NOT NULL")
            .fetch_one(&mut db)
            .await
            .unwrap();
        (put_off == 2).then_some(())
    })
    .await;
    for statement in spoil {
        till.sql(statement).await;
    }
    till.server.clock.advance(TimeDelta::seconds(3));
    // The clock stands: what waited for a lease to end would wait for ever.
    until("the other is paid", async || {
        (statuses(&till).await == ("stopped".to_owned(), "paid".to_owned())).then_some(())
    })
    .await;
    let reason: String = sqlx::query_scalar("SELECT reason_code FROM payout WHERE status = 'stopped'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!((reason.as_str(), stub.paid()), (code, 1));
    assert!(till.told().await.contains(&"payout.stopped".to_owned()));
    till
}

#[tokio::test]
async fn a_destination_that_cannot_be_read_at_the_execution_stops_its_payout_alone() {
    let (till, _) = open(&[]).await;
    with_birch(&till).await;
    let batch = till.propose("stripe").await;
    till.approve(&batch).await.ok();
    till.sql(SPOIL_ALDERS).await;
    till.execute(&batch).await.ok();
    until("the other is paid", async || {
        (statuses(&till).await == ("stopped".to_owned(), "paid".to_owned())).then_some(())
    })
    .await;
    till.sound().await;
}

#[tokio::test]
async fn a_key_that_cannot_be_read_waits_for_whoever_mends_it_and_then_for_a_person() {
    let (till, stub) = open(&[]).await;
    let batch = till.propose("stripe").await;
    till.approve(&batch).await.ok();
    till.sql("UPDATE payout_secret SET sealed = '\\x00' WHERE id = (SELECT stripe_secret_id FROM payout_settings)")
        .await;
    till.execute(&batch).await.ok();
    let mut db = till.server.database.connect().await;
    until("an attempt", async || {
        let reason: Option<String> = sqlx::query_scalar("SELECT reason FROM payout")
            .fetch_one(&mut db)
            .await
            .unwrap();
        reason.filter(|reason| reason.contains("secrets.keys"))
    })
    .await;
    assert_eq!(till.payout(&batch).await["status"], "sending");
    till.server.clock.advance(TimeDelta::hours(24));
    becomes(&till, "stopped").await;
    assert_eq!(stub.calls(), 0);
    till.sound().await;
}
