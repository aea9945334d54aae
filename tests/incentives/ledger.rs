use guildhall_kernel::{Clock, Entropy, Id, entity::LedgerEntry};
use sqlx::{Connection, PgConnection};

use super::play::{Play, of_invoices};

#[tokio::test]
async fn the_database_refuses_what_is_unbalanced_or_edited() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    play.invoice("I-1", "1000.00").await.ok();
    play.accrued().await;
    let mut db = play.server.database.connect().await;
    for change in [
        "UPDATE ledger_posting SET amount = amount * 2",
        "DELETE FROM ledger_posting",
        "TRUNCATE ledger_posting CASCADE",
        "UPDATE ledger_entry SET cause = 'x'",
        "DELETE FROM ledger_entry",
        "UPDATE ledger_account SET kind = 'paid'",
        "UPDATE earning SET amount = 5",
        "DELETE FROM earning",
        "UPDATE ledger_balance SET balance = balance + 1",
        "DELETE FROM ledger_balance",
        "INSERT INTO ledger_posting (entry_id, no, account_id, amount) SELECT entry_id, 9, account_id, 5 FROM ledger_posting LIMIT 1",
    ] {
        assert!(sqlx::query(change).execute(&mut db).await.is_err(), "{change}");
    }
    let postings = async |tx: &mut PgConnection, id, first: i32, amounts: &[i32]| {
        sqlx::query(
            "INSERT INTO ledger_posting (entry_id, no, account_id, amount)
             SELECT $1, $2 + n, (SELECT min(id) FROM ledger_account), a
             FROM unnest($3::integer[]) WITH ORDINALITY w (a, n)",
        )
        .bind(id)
        .bind(first)
        .bind(amounts)
        .execute(tx)
        .await
    };
    let mut tx = db.begin().await.unwrap();
    let id = entry(&mut tx).await;
    let refused = postings(&mut tx, id, 0, &[5, 5]).await.unwrap_err().to_string();
    assert!(refused.contains("2 postings that sum to 10"), "{refused}");
    tx.rollback().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let id = entry(&mut tx).await;
    postings(&mut tx, id, 0, &[5, -5]).await.unwrap();
    let refused = postings(&mut tx, id, 2, &[7, -7]).await.unwrap_err().to_string();
    assert!(refused.contains("is complete"), "{refused}");
    tx.rollback().await.unwrap();
    let mut tx = db.begin().await.unwrap();
    entry(&mut tx).await;
    let refused = tx.commit().await.unwrap_err().to_string();
    assert!(refused.contains("has no postings"), "{refused}");
    play.sound().await;
}

/// The head of an entry like the last one, without postings.
async fn entry(tx: &mut PgConnection) -> Id<LedgerEntry> {
    let id: Id<LedgerEntry> = Id::generate(&Clock::system(), &Entropy::system());
    sqlx::query(
        "INSERT INTO ledger_entry (id, vendor_id, currency, at, cause, subject_id, key)
         SELECT $1, vendor_id, currency, at, 'x', subject_id, 'x' FROM ledger_entry LIMIT 1",
    )
    .bind(id)
    .execute(tx)
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn a_vendors_accounts_sum_to_zero_and_a_partner_reads_its_own() {
    let play = Play::begin().await;
    play.plan("Commission", of_invoices()).await;
    play.invoice("I-1", "1000.00").await.ok();
    play.accrued().await;
    play.approve_all().await;
    let all = play.finance.get("/api/v1/incentives/balances").await.ok();
    let sum: rust_decimal::Decimal = all["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            one["balance"]
                .as_str()
                .unwrap()
                .parse::<rust_decimal::Decimal>()
                .unwrap()
        })
        .sum();
    assert!(sum.is_zero(), "{all}");
    let own = play.alder.get("/api/v1/incentives/balances").await.ok();
    assert!(
        own["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["partner_id"] == play.scene.alder.to_string())
    );
    let entries = play.alder.get("/api/v1/incentives/ledger").await.ok();
    assert_eq!(entries["items"].as_array().unwrap().len(), 2);
    assert_eq!(entries["items"][0]["postings"].as_array().unwrap().len(), 2);
    assert_eq!(
        entries["items"][1]["postings"].as_array().unwrap().len(),
        1,
        "not the vendor's own account"
    );
    let birch = play.birch.get("/api/v1/incentives/ledger").await.ok();
    assert!(birch["items"].as_array().unwrap().is_empty());
}
