//! What was approved is what is paid, by whom it was approved, from where, and when.

use chrono::TimeDelta;
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::till::{OTHER_IBAN, Till, put_at};
use crate::support::TestServer;

#[tokio::test]
async fn another_account_to_pay_from_needs_another_approval() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    let path = "/api/v1/payout-settings";
    let other = json!({"debtor": {"name": "Northwind GmbH", "country": "NL", "iban": OTHER_IBAN}});
    put_at(&till.checker, path, &till.checker.etag(path).await, &other)
        .await
        .ok();
    till.execute(&batch).await.problem(409, "batch_changed");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    assert!(till.told().await.is_empty());
    till.maker.get(&format!("{batch}/file")).await.problem(404, "not_found");
    let etag = till.maker.etag(&batch).await;
    till.maker
        .post_at(&format!("{batch}/cancel"), &etag, &json!({}))
        .await
        .ok();
    // What is approved with the account in view is paid from it.
    let again = till.pay("pain001").await;
    let file = till.maker.get(&format!("{again}/file")).await;
    assert!(String::from_utf8_lossy(&file.body).contains(OTHER_IBAN));
    till.sound().await;
}

#[tokio::test]
async fn the_database_keeps_everything_that_an_approval_seals() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    till.propose("pain001").await;
    let mut db = till.server.database.connect().await;
    let refused = async |db: &mut sqlx::PgConnection, change: &str| {
        let done = sqlx::query(AssertSqlSafe(format!("UPDATE payout SET {change}")))
            .execute(db)
            .await;
        let error = done.expect_err(change).to_string();
        assert!(error.contains("paid as it was proposed"), "{change}: {error}");
    };
    for change in [
        "batch_id = id",
        "vendor_id = partner_id",
        "partner_id = vendor_id",
        "user_id = vendor_id",
        "destination_id = id",
        "masked = 'DE** **** 3001'",
        "currency = 'USD'",
        "gross = gross + 1, net = net + 1",
        "net = net - 1, withheld = withheld + 1",
        "net = net - 1, fees = fees + 1",
        "lines = lines + 1",
        "withholding_percent = 7",
        "self_billing = NOT self_billing",
        "vat_percent = 19",
        "country = 'FR'",
        "profile_id = id",
        "method = 'manual'",
        "end_to_end_id = 'another'",
    ] {
        refused(&mut db, change).await;
    }
    // The digest is over no more than that: a column that it learns of has to be kept too.
    let sealed = include_str!("../../src/payouts/batches/digest.rs");
    for column in sealed.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')) {
        let Some(column) = column.strip_prefix("p.") else {
            continue;
        };
        if matches!(column, "batch_id" | "status") || column.is_empty() {
            continue;
        }
        let kept: bool =
            sqlx::query_scalar("SELECT prosrc LIKE '%OLD.' || $1 || '%' FROM pg_proc WHERE proname = 'payout_stays'")
                .bind(column)
                .fetch_one(&mut db)
                .await
                .unwrap();
        assert!(
            kept,
            "payout.{column} is sealed by an approval, and payout_stays lets it change"
        );
    }
    till.sql("UPDATE payout SET self_billing_no = 'SB-2026-000001'").await;
    refused(&mut db, "self_billing_no = 'SB-2026-000002'").await;
}

#[tokio::test]
async fn a_suspended_vendor_pays_nobody() {
    let till = Till::open().await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    till.sql("UPDATE organisation SET status = 'suspended' WHERE slug = 'northwind'")
        .await;
    till.execute(&batch).await.problem(409, "vendor_not_active");
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    till.sql("UPDATE organisation SET status = 'active'").await;
    till.execute(&batch).await.ok();
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    till.sound().await;
}

#[tokio::test]
async fn a_payee_that_is_no_partner_any_more_waits_for_a_person() {
    for ending in [
        "UPDATE partnership SET status = 'ended'",
        "DELETE FROM partnership",
        "UPDATE organisation SET status = 'suspended' WHERE slug = 'alder'",
    ] {
        let till = Till::open().await;
        till.earn(till.scene.alder, "100.00").await;
        let batch = till.propose("pain001").await;
        till.approve(&batch).await.ok();
        till.sql(ending).await;
        till.execute(&batch).await.ok();
        let payout = till.payout(&batch).await;
        assert_eq!(
            json!([payout["status"], payout["reason_code"]]),
            json!(["stopped", "not_active"]),
            "{ending}"
        );
        assert_eq!(till.ledger().await, json!({"payable": "100.00"}), "{ending}");
        till.sound().await;
    }
}

#[tokio::test]
async fn a_file_for_a_day_that_is_over_is_not_written() {
    let mut till = Till::with(TestServer::builder().manual_clock().start().await).await;
    till.earn(till.scene.alder, "100.00").await;
    let batch = till.propose("pain001").await;
    till.approve(&batch).await.ok();
    till.server.clock.advance(TimeDelta::days(1));
    (till.maker, till.checker) = (
        till.server.login("finance@northwind.example").await,
        till.server.login("owner@northwind.example").await,
    );
    let refused = till.execute(&batch).await.problem(409, "execution_date_passed");
    assert!(
        refused["detail"].as_str().unwrap().contains("propose another"),
        "{refused}"
    );
    assert_eq!(till.ledger().await, json!({"payable": "100.00"}));
    let etag = till.maker.etag(&batch).await;
    till.maker
        .post_at(&format!("{batch}/cancel"), &etag, &json!({}))
        .await
        .ok();
    till.pay("pain001").await;
    assert_eq!(till.ledger().await, json!({"in_transit": "100.00"}));
    till.sound().await;
}
