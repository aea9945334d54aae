//! Whatever dies, and whoever clicks how often: each payout is paid once.

use std::collections::BTreeSet;

use axum::http::Method;
use chrono::TimeDelta;
use guildhall_kernel::UserId;
use serde_json::json;
use sqlx::PgConnection;

use super::stub::{Manner, Stub, becomes, open};
use super::till::{Till, profile, put};
use crate::support::{Answer, Caller, Database, PASSWORD, Place, Process, TestServer, until};

#[tokio::test]
async fn a_node_that_is_lost_between_the_call_and_its_answer_pays_once() {
    let (till, stub) = open(&[Manner::PayAndHang]).await;
    let batch = till.pay("stripe").await;
    until("the call", async || (stub.paid() == 1).then_some(())).await;
    assert_eq!(
        till.payout(&batch).await["status"],
        "sending",
        "committed before the call"
    );
    let other = TestServer::builder()
        .clock(till.server.clock.clone())
        .on(&till.server.database);
    let other = other.start().await;
    till.server.clock.advance(TimeDelta::seconds(301));
    becomes(&till, "paid").await;
    assert_eq!((stub.calls(), stub.paid()), (1, 1), "looked up, not sent again");
    till.sound().await;
    other.stop().await;
}

#[tokio::test]
async fn what_one_node_is_sending_is_taken_by_no_other() {
    let (till, stub) = open(&[Manner::PayAndHang, Manner::PayAndHang]).await;
    till.pay("stripe").await;
    until("the call", async || (stub.calls() == 1).then_some(())).await;
    let other = TestServer::builder()
        .clock(till.server.clock.clone())
        .on(&till.server.database);
    let _other = other.start().await;
    till.server.clock.advance(TimeDelta::minutes(4));
    till.earn(till.scene.alder, "50.00").await;
    till.pay("stripe").await;
    // The first node waits for its answer, so it is the other that takes what is new, and would take what is due before.
    until("the other's call", async || (stub.calls() == 2).then_some(())).await;
    let mut db = till.server.database.connect().await;
    let attempts: Vec<i32> = sqlx::query_scalar("SELECT attempts FROM payout")
        .fetch_all(&mut db)
        .await
        .unwrap();
    assert_eq!((attempts, many(&mut db, "sending").await), (vec![1, 1], 2));
    till.sound().await;
}

/// Alder, Birch and those of their people who may be paid: all by the service. Returns how many they are.
async fn crowd(till: &Till) -> usize {
    let mut db = till.server.database.connect().await;
    let destination = |name: &str| profile(&json!({"type": "stripe", "account": format!("acct_1{name}PRzxEwkZ")}));
    let birch = till.server.login("finance@birch.example").await;
    put(&birch, "/api/v1/payout-profile", &destination("Birch")).await.ok();
    till.earn(till.scene.birch, "70.00").await;
    let mut count = 2;
    for (company, finance, partner) in [
        ("alder", &till.alder, till.scene.alder),
        ("birch", &birch, till.scene.birch),
    ] {
        put(finance, "/api/v1/payee-consents", &json!({"given": true}))
            .await
            .ok();
        for role in ["admin", "sales", "marketing", "technical", "finance"] {
            let email = format!("{role}@{company}.example");
            let person = till.server.login(&email).await;
            let account = destination(&format!("{role}{company}"));
            put(&person, "/api/v1/payout-profile/mine", &account).await.ok();
            let user: UserId = sqlx::query_scalar("SELECT id FROM user_account WHERE email = $1")
                .bind(&email)
                .fetch_one(&mut db)
                .await
                .unwrap();
            till.earn_as(partner, Some(user), &format!("{}.25", 20 + count)).await;
            count += 1;
        }
    }
    till.rested().await;
    count
}

/// The program at work on a test's database.
async fn serve(place: &Place, database: &Database, keys: &[String]) -> (Process, Caller) {
    let process = place
        .serve(|command| {
            command
                .env("GUILDHALL_DATABASE__URL", database.url())
                .env("GUILDHALL_SECRETS__KEYS", serde_json::to_string(keys).unwrap())
                .env("GUILDHALL_RATE_LIMIT__ENABLED", "false");
        })
        .await;
    let body = json!({"email": "finance@northwind.example", "password": PASSWORD});
    let answer = process.caller(None).post("/api/v1/auth/login", &body).await.ok();
    let maker = process.caller(Some(answer["access_token"].as_str().unwrap().to_owned()));
    (process, maker)
}

/// How many payouts are of this status.
async fn many(db: &mut PgConnection, status: &str) -> usize {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM payout WHERE status = $1")
        .bind(status)
        .fetch_one(db)
        .await
        .unwrap();
    count.try_into().unwrap()
}

/// Each payout was paid by one transfer, of its amount.
async fn paid_once(till: &Till, stub: &Stub, payees: usize) {
    let transfers = stub.transfers();
    let keys: BTreeSet<&str> = transfers
        .iter()
        .map(|one| one["metadata"]["payout_id"].as_str().unwrap())
        .collect();
    assert_eq!((transfers.len(), keys.len()), (payees, payees), "{transfers:?}");
    let mut db = till.server.database.connect().await;
    for transfer in &transfers {
        let stored: (String, Option<String>, i64) =
            sqlx::query_as("SELECT status, reference, (net * 100)::bigint FROM payout WHERE id = $1::uuid")
                .bind(transfer["metadata"]["payout_id"].as_str().unwrap())
                .fetch_one(&mut db)
                .await
                .unwrap();
        let theirs = (
            transfer["id"].as_str().map(str::to_owned),
            transfer["amount"].as_i64().unwrap(),
        );
        assert_eq!(
            (stored.0.as_str(), (stored.1, stored.2)),
            ("paid", theirs),
            "{transfer}"
        );
    }
    let sum: i64 = transfers.iter().map(|one| one["amount"].as_i64().unwrap()).sum();
    assert_eq!(
        till.ledger().await,
        json!({"paid": format!("{}.{:02}", sum / 100, sum % 100)})
    );
    let paid = till.told().await.iter().filter(|kind| *kind == "payout.paid").count();
    assert_eq!(paid, payees);
    till.sound().await;
}

/// A batch for all of them that is approved and not executed.
async fn approved() -> (Till, Stub, usize, String) {
    let (till, stub) = open(&[]).await;
    let payees = crowd(&till).await;
    let batch = till.propose("stripe").await;
    till.approve(&batch).await.ok();
    (till, stub, payees, batch)
}

#[tokio::test]
async fn a_server_that_is_killed_between_calls_and_answers_pays_each_once() {
    use Manner::{Busy, Hang, Pay, PayAndBreak, PayAndHang};
    let (till, stub, payees, batch) = approved().await;
    let keys = till.server.app().config.secrets.keys.clone();
    let (scene, server) = (till.scene, till.server);
    let database = server.stop().await;
    let mut db = database.connect().await;
    let place = Place::new();
    // How the service answers until the server dies, which is when the first call has come, in the middle of the others.
    let rounds: [&[Manner]; 6] = [
        &[PayAndHang; 8],
        &[Hang; 8],
        &[Pay, PayAndHang, Hang, PayAndBreak, Busy, Pay, Hang, PayAndHang],
        &[PayAndBreak, Busy, Busy, PayAndBreak, Busy, Busy, Pay, Busy],
        &[Busy, Hang, PayAndHang, PayAndHang],
        &[Pay],
    ];
    for (round, manners) in rounds.into_iter().enumerate() {
        stub.behave(manners);
        let before = stub.calls();
        let (process, maker) = serve(&place, &database, &keys).await;
        // The same click each time, and in every other round one more.
        let click = format!("click-{}", round % 2);
        let path = format!("{batch}/execute");
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", click.as_str()),
        ];
        let answer = maker.try_send(Method::POST, &path, &headers, "{}").await.unwrap();
        assert!(answer.ok()["status"].is_string());
        until("a call, or nothing left to call for", async || {
            (stub.calls() > before || many(&mut db, "sending").await == 0).then_some(())
        })
        .await;
        process.kill().await;
        // Leases and pauses end.
        sqlx::query("UPDATE payout SET due_at = due_at - interval '6 minutes' WHERE status = 'sending'")
            .execute(&mut db)
            .await
            .unwrap();
    }
    stub.behave(&[]);
    let (process, _) = serve(&place, &database, &keys).await;
    until("all are paid", async || {
        (many(&mut db, "paid").await == payees).then_some(())
    })
    .await;
    let (status, _) = process.terminate().await;
    assert!(status.success(), "{status}");
    let keys: BTreeSet<String> = stub.keys().into_iter().collect();
    assert_eq!(keys.len(), payees, "another attempt has the same key");
    let till = Till::at(TestServer::builder().on(&database).start().await, scene).await;
    assert_eq!(till.maker.get(&batch).await.ok()["status"], "reconciled");
    paid_once(&till, &stub, payees).await;
}

#[tokio::test]
async fn a_server_that_is_killed_in_the_execution_has_sent_nothing() {
    let (till, stub, payees, batch) = approved().await;
    let keys = till.server.app().config.secrets.keys.clone();
    let (scene, server) = (till.scene, till.server);
    let database = server.stop().await;
    let mut db = database.connect().await;
    let place = Place::new();
    let (process, maker) = serve(&place, &database, &keys).await;
    // The execution stops at the ledger's balances, when it has written that the payouts are being sent.
    let mut holder = database.connect().await;
    for statement in ["BEGIN", "LOCK TABLE ledger_balance IN EXCLUSIVE MODE"] {
        sqlx::query(statement).execute(&mut holder).await.unwrap();
    }
    let path = format!("{batch}/execute");
    let click = tokio::spawn({
        let path = path.clone();
        async move {
            let headers = [("content-type", "application/json"), ("idempotency-key", "click")];
            maker.try_send(Method::POST, &path, &headers, "{}").await.is_ok()
        }
    });
    until("the execution waits", async || {
        let waits: bool = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                            WHERE NOT l.granted AND l.relation = 'ledger_balance'::regclass
                              AND d.datname = current_database())",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        waits.then_some(())
    })
    .await;
    process.kill().await;
    assert!(!click.await.unwrap(), "the click has had no answer");
    sqlx::query("ROLLBACK").execute(&mut holder).await.unwrap();
    until("what was begun is gone", async || {
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND state <> 'idle' AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
               AND backend_type = 'client backend'",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        (open == 0).then_some(())
    })
    .await;
    assert_eq!((many(&mut db, "approved").await, stub.calls()), (payees, 0));
    let (process, maker) = serve(&place, &database, &keys).await;
    let answer = maker.post_once(&path, "click", &json!({})).await;
    answer.ok();
    assert_eq!(answer.header("idempotency-replayed"), "", "it was not done before");
    until("all are paid", async || {
        (many(&mut db, "paid").await == payees).then_some(())
    })
    .await;
    process.kill().await;
    let till = Till::at(TestServer::builder().on(&database).start().await, scene).await;
    assert_eq!(stub.calls(), payees);
    paid_once(&till, &stub, payees).await;
}

#[tokio::test]
async fn however_many_click_on_however_many_nodes_each_is_paid_once() {
    let (till, stub, payees, batch) = approved().await;
    let other = TestServer::builder()
        .clock(till.server.clock.clone())
        .on(&till.server.database);
    let other = other.start().await;
    let there = other.login("owner@northwind.example").await;
    let click = async |who: &Caller, key: &str| -> Answer {
        let path = format!("{batch}/execute");
        // The same key at the same time is asked to wait: whoever clicks does it again.
        until("an answer", async || {
            let answer = who.post_once(&path, key, &json!({})).await;
            (answer.status.as_u16() != 409).then_some(answer)
        })
        .await
    };
    let answers = tokio::join!(
        click(&till.maker, "a"),
        click(&till.maker, "a"),
        click(&there, "b"),
        click(&till.checker, "c"),
        click(&there, "b")
    );
    for answer in [answers.0, answers.1, answers.2, answers.3, answers.4] {
        assert!(answer.ok()["status"].is_string());
    }
    let mut db = till.server.database.connect().await;
    until("all are paid", async || {
        (many(&mut db, "paid").await == payees).then_some(())
    })
    .await;
    let executed: i64 = sqlx::query_scalar("SELECT count(*) FROM event WHERE kind = 'payout_batch.executed'")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!((executed, stub.calls()), (1, payees), "two nodes share one queue");
    click(&till.maker, "d").await.ok();
    assert_eq!(click(&till.maker, "a").await.header("idempotency-replayed"), "true");
    assert_eq!(stub.calls(), payees);
    paid_once(&till, &stub, payees).await;
    other.stop().await;
}
