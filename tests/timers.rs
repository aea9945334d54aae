//! Deadlines: carried out once, by whichever node, and never on what is past.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chrono::TimeDelta;
use guildhall_kernel::DealId;
use guildhall_spine::{
    App,
    db::Tx,
    http::Problem,
    timer::{self, Due, Next, Timer, run_timers},
};
use serde_json::json;
use sqlx::PgConnection;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::{TestServer, until};

/// Notes each ring in a table; fails or waits when told to.
struct Bell {
    fails: bool,
    /// Told that the bell was rung, and waited for before the transaction ends.
    gate: Option<(Arc<Notify>, Arc<Notify>)>,
}

#[async_trait]
impl Timer for Bell {
    fn kind(&self) -> &'static str {
        "bell"
    }

    async fn ring(&self, _: &App, tx: &mut Tx, due: &Due) -> Result<Next, Problem> {
        sqlx::query("INSERT INTO rung (subject, at) VALUES ($1, $2)")
            .bind(due.subject)
            .bind(due.at)
            .execute(&mut **tx)
            .await?;
        if self.fails {
            return Err(Problem::internal("the bell is cracked"));
        }
        if let Some((told, go_on)) = &self.gate {
            told.notify_one();
            go_on.notified().await;
        }
        match due.data["again"].as_i64() {
            Some(days) => Ok(Next::At(due.at + TimeDelta::days(days), json!({}))),
            None => Ok(Next::Done),
        }
    }
}

/// A server on which `nodes` loops ring `bell`, until the token is cancelled.
async fn with_bells(server: &TestServer, bells: Vec<Bell>) -> (PgConnection, CancellationToken) {
    let mut db = server.database.connect().await;
    sqlx::query("CREATE TABLE rung (subject uuid, at timestamptz)")
        .execute(&mut db)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    for bell in bells {
        let timers: Vec<Arc<dyn Timer>> = vec![Arc::new(bell)];
        let (app, poll) = (server.app().clone(), Duration::from_millis(20));
        tokio::spawn(run_timers(app, timers, poll, stop.clone()));
    }
    (db, stop)
}

const fn sound() -> Bell {
    Bell {
        fails: false,
        gate: None,
    }
}

async fn rung(db: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM rung")
        .fetch_one(db)
        .await
        .unwrap()
}

#[tokio::test]
async fn each_of_many_deadlines_is_carried_out_once_by_one_of_three_nodes() {
    let server = TestServer::builder().manual_clock().start().await;
    let (mut db, stop) = with_bells(&server, vec![sound(), sound(), sound()]).await;
    let mut tx = server.app().db.begin().await.unwrap();
    let now = tx.now();
    let subjects: Vec<DealId> = (0..200).map(|_| tx.new_id()).collect();
    for (hour, subject) in (0..).zip(&subjects) {
        let data = if hour < 50 { json!({"again": 30}) } else { json!({}) };
        timer::set(&mut tx, "bell", *subject, now + TimeDelta::hours(hour / 10), &data)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    server.clock.advance(TimeDelta::hours(12));
    let all_rung = until("the first half is rung", async || {
        (rung(&mut db).await >= 130).then_some(rung(&mut db).await)
    });
    assert_eq!(all_rung.await, 130, "ten an hour, and an hour for the beginning");
    server.clock.advance(TimeDelta::days(2));
    until("all are rung", async || (rung(&mut db).await == 200).then_some(())).await;
    server.clock.advance(TimeDelta::days(31));
    until("those that come again are rung again", async || {
        (rung(&mut db).await == 250).then_some(())
    })
    .await;
    stop.cancel();
    let twice: i64 =
        sqlx::query_scalar("SELECT count(*) FROM (SELECT FROM rung GROUP BY subject, at HAVING count(*) > 1) t")
            .fetch_one(&mut db)
            .await
            .unwrap();
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM timer")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!((twice, left), (0, 0));
}

#[tokio::test]
async fn a_deadline_that_is_moved_while_it_is_carried_out_leaves_no_trace() {
    let server = TestServer::builder().manual_clock().start().await;
    let (told, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let gate = Some((Arc::clone(&told), Arc::clone(&go_on)));
    let (mut db, stop) = with_bells(&server, vec![Bell { fails: false, gate }]).await;
    let app = server.app();
    let mut tx = app.db.begin().await.unwrap();
    let (subject, now): (DealId, _) = (tx.new_id(), tx.now());
    timer::set(&mut tx, "bell", subject, now, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    told.notified().await;
    let mut tx = app.db.begin().await.unwrap();
    timer::set(&mut tx, "bell", subject, now + TimeDelta::days(1), &json!({}))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    go_on.notify_one();
    server.clock.advance(TimeDelta::days(1));
    told.notified().await;
    assert_eq!(rung(&mut db).await, 0, "the first ring was undone");
    go_on.notify_one();
    until("it is carried out at its new time", async || {
        (rung(&mut db).await == 1).then_some(())
    })
    .await;
    stop.cancel();
    let at: chrono::DateTime<chrono::Utc> = sqlx::query_scalar("SELECT at FROM rung")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(at, now + TimeDelta::days(1));
}

#[tokio::test]
async fn a_deadline_that_fails_is_named_and_tried_again() {
    let server = TestServer::builder().manual_clock().start().await;
    let cracked = Bell {
        fails: true,
        gate: None,
    };
    let (mut db, stop) = with_bells(&server, vec![cracked]).await;
    let app = server.app();
    let mut tx = app.db.begin().await.unwrap();
    let (subject, now): (DealId, _) = (tx.new_id(), tx.now());
    timer::set(&mut tx, "bell", subject, now, &json!({})).await.unwrap();
    tx.commit().await.unwrap();
    let stuck = until("the failure is noted", async || {
        timer::stuck(&app.db).await.unwrap().pop()
    })
    .await;
    assert_eq!((stuck.kind.as_str(), stuck.count), ("bell", 1));
    assert!(stuck.error.contains("cracked"), "{stuck:?}");
    assert_eq!(rung(&mut db).await, 0);
    stop.cancel();
    let stop = CancellationToken::new();
    let timers: Vec<Arc<dyn Timer>> = vec![Arc::new(sound())];
    tokio::spawn(run_timers(app.clone(), timers, Duration::from_millis(20), stop.clone()));
    server.clock.advance(TimeDelta::minutes(1));
    until("it is carried out at last", async || {
        (rung(&mut db).await == 1).then_some(())
    })
    .await;
    stop.cancel();
    assert!(timer::stuck(&app.db).await.unwrap().is_empty());
}
