//! The event log and its consumers, on a real database with real concurrency.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use guildhall_kernel::{Clock, Entropy, Id, OrgId, entity::Org};
use guildhall_spine::{
    config::DatabaseConfig,
    db::{Db, Tx},
    event::{
        Consumer, ConsumerFault, Event, EventSink, Feed, Origin, Position, Recorded, Topic, append, dead_letters,
        forgive, read, read_feed, replay, run_consumer, statuses, tail,
    },
};
use proptest::{prelude::*, test_runner::TestRunner};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::support::Database;

#[derive(Serialize, JsonSchema)]
struct Noted {
    number: u32,
}

impl Event for Noted {
    const KIND: &'static str = "test.noted";
    const TOPIC: Topic = Topic::Deals;
}

async fn db(database: &Database, clock: &Clock) -> Db {
    let config = DatabaseConfig {
        max_connections: 24,
        ..DatabaseConfig::default()
    };
    Db::connect(database.options(), &config, clock.clone(), Entropy::system())
        .await
        .unwrap()
}

fn an_org() -> OrgId {
    Id::<Org>::generate(&Clock::system(), &Entropy::system())
}

async fn note(tx: &mut Tx, org: OrgId, number: u32) -> Position {
    append(tx, &Origin::default(), org, &[org.uuid()], &Noted { number })
        .await
        .unwrap()
}

/// Waits until what lies at `position` is final: transactions of other tests' databases hold the horizon too.
async fn settled(db: &Db, position: Position) {
    loop {
        let horizon: i64 = sqlx::query_scalar("SELECT event_horizon()")
            .fetch_one(db.pool())
            .await
            .unwrap();
        if horizon > position.tx {
            return;
        }
        tokio::task::yield_now().await;
    }
}

fn number(event: &Recorded) -> u32 {
    serde_json::from_str::<serde_json::Value>(event.data.get()).unwrap()["number"]
        .as_u64()
        .unwrap()
        .try_into()
        .unwrap()
}

#[derive(Clone, Debug)]
enum Act {
    Begin(usize),
    Note(usize),
    Commit(usize),
    RollBack(usize),
    Read,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        2 => (0..5usize).prop_map(Act::Begin),
        5 => (0..5usize).prop_map(Act::Note),
        2 => (0..5usize).prop_map(Act::Commit),
        1 => (0..5usize).prop_map(Act::RollBack),
        4 => Just(Act::Read),
    ];
    prop::collection::vec(act, 1..60)
}

/// Plays one interleaving of writers and a reader, and returns what was committed and what was read.
async fn play(db: &Db, acts: Vec<Act>) -> (BTreeSet<u32>, Vec<u32>) {
    let org = an_org();
    let start = Position::now(db.pool()).await.unwrap();
    let mut open: Vec<Option<(Tx, Vec<u32>)>> = (0..5).map(|_| None).collect();
    let (mut next, mut committed, mut seen, mut cursor) = (0, BTreeSet::new(), Vec::new(), start);
    let finish = (0..5).map(Act::Commit).chain([Act::Read]);
    for act in acts.into_iter().chain(finish) {
        match act {
            Act::Begin(writer) if open[writer].is_none() => {
                open[writer] = Some((db.begin().await.unwrap(), Vec::new()))
            }
            Act::Note(writer) => {
                if let Some((tx, numbers)) = &mut open[writer] {
                    note(tx, org, next).await;
                    numbers.push(next);
                    next += 1;
                }
            }
            Act::Commit(writer) => {
                if let Some((tx, numbers)) = open[writer].take() {
                    tx.commit().await.unwrap();
                    committed.extend(numbers);
                }
            }
            Act::RollBack(writer) => drop(open[writer].take()),
            Act::Read => {
                let events = read(db.pool(), cursor, 7).await.unwrap();
                for event in &events {
                    assert!(event.position > cursor, "out of order");
                    cursor = event.position;
                }
                seen.extend(events.iter().filter(|event| event.subject_id == org.uuid()).map(number));
            }
            Act::Begin(_) => {}
        }
    }
    // Rolled-back transactions end when their connection goes back; until then they hold the horizon.
    while seen.len() < committed.len() {
        let events = read(db.pool(), cursor, 500).await.unwrap();
        cursor = events.last().map_or(cursor, |event| event.position);
        seen.extend(events.iter().filter(|event| event.subject_id == org.uuid()).map(number));
    }
    (committed, seen)
}

#[test]
fn a_reader_sees_every_committed_event_once_whatever_the_interleaving() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let (database, db) = runtime.block_on(async {
        let database = Database::create().await;
        let db = db(&database, &Clock::system()).await;
        (database, db)
    });
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    runner
        .run(&acts(), |acts| {
            let (committed, seen) = runtime.block_on(play(&db, acts));
            let once: BTreeSet<u32> = seen.iter().copied().collect();
            prop_assert_eq!(once.len(), seen.len(), "an event came twice");
            prop_assert_eq!(once, committed);
            Ok(())
        })
        .unwrap();
    drop(database);
}

/// Collects what a tail hands on.
struct Collector(mpsc::UnboundedSender<(Position, u32)>);

#[async_trait]
impl EventSink for Collector {
    async fn take(&self, events: &[Recorded]) {
        for event in events {
            let _ = self.0.send((event.position, number(event)));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_keeps_up_with_fifty_writers_in_order_and_without_a_gap() {
    let database = Database::create().await;
    let db = db(&database, &Clock::system()).await;
    let start = Position::now(db.pool()).await.unwrap();
    let (send, mut receive) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let reader = tokio::spawn({
        let (pool, wake, stop) = (db.pool().clone(), Arc::clone(db.wake()), stop.clone());
        async move { tail(pool, &wake, Duration::from_secs(5), start, &Collector(send), stop).await }
    });
    let writers: Vec<_> = (0..50u32)
        .map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in 0..10 {
                    let mut tx = db.begin().await.unwrap();
                    note(&mut tx, an_org(), writer * 10 + n).await;
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let mut seen = Vec::new();
    while seen.len() < 500 {
        seen.push(
            tokio::time::timeout(Duration::from_secs(20), receive.recv())
                .await
                .expect("events are missing")
                .unwrap(),
        );
    }
    assert!(seen.windows(2).all(|pair| pair[0].0 < pair[1].0), "out of order");
    assert_eq!(
        seen.iter().map(|(_, number)| *number).collect::<BTreeSet<_>>().len(),
        500
    );
    stop.cancel();
    reader.await.unwrap();
}

#[tokio::test]
async fn a_feed_shows_an_audience_its_events_and_no_others() {
    let database = Database::create().await;
    let db = db(&database, &Clock::system()).await;
    let (mine, other) = (an_org(), an_org());
    let mut tx = db.begin().await.unwrap();
    note(&mut tx, mine, 1).await;
    note(&mut tx, other, 2).await;
    let last = note(&mut tx, mine, 3).await;
    tx.commit().await.unwrap();
    settled(&db, last).await;
    let feed = |topics: Vec<Topic>| Feed {
        org: Some((mine.uuid(), topics)),
        user: None,
        subject: None,
    };
    let numbers = async |feed: &Feed, after, limit| {
        let events = read_feed(db.pool(), feed, after, None, limit).await.unwrap();
        events
            .iter()
            .map(|event| (event.position, number(event)))
            .collect::<Vec<_>>()
    };
    let all = numbers(&feed(vec![Topic::Deals]), Position::START, 10).await;
    assert_eq!(all.iter().map(|(_, number)| *number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(numbers(&feed(vec![Topic::Deals]), all[0].0, 10).await, all[1..]);
    assert_eq!(numbers(&feed(vec![Topic::Partnerships]), Position::START, 10).await, []);
    let about = Feed {
        subject: Some(other.uuid()),
        ..feed(vec![Topic::Deals])
    };
    assert_eq!(numbers(&about, Position::START, 10).await, []);
}

/// Writes each event's number into a table, and fails at one number for as long as it is told to.
struct Copier {
    poison: Option<u32>,
    healed: AtomicBool,
}

#[async_trait]
impl Consumer for Copier {
    fn name(&self) -> &'static str {
        "copier"
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        for event in events {
            if Some(number(event)) == self.poison && !self.healed.load(Ordering::Relaxed) {
                return Err(ConsumerFault("poisoned".to_owned()));
            }
            sqlx::query("INSERT INTO copied VALUES ($1)")
                .bind(i64::from(number(event)))
                .execute(&mut **tx)
                .await?;
        }
        Ok(())
    }
}

async fn with_notes(database: &Database, clock: &Clock, count: u32) -> Db {
    let db = db(database, clock).await;
    sqlx::query("CREATE TABLE copied (number bigint)")
        .execute(db.pool())
        .await
        .unwrap();
    for n in 0..count {
        let mut tx = db.begin().await.unwrap();
        note(&mut tx, an_org(), n).await;
        tx.commit().await.unwrap();
    }
    db
}

async fn copied(db: &Db) -> Vec<i64> {
    sqlx::query_scalar("SELECT number FROM copied ORDER BY number")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

async fn until(db: &Db, clock: &Clock, rows: usize) -> Vec<i64> {
    for _ in 0..10_000 {
        let numbers = copied(db).await;
        if numbers.len() >= rows {
            return numbers;
        }
        clock.advance(chrono::Duration::seconds(1));
        tokio::task::yield_now().await;
    }
    panic!("the consumer stopped at {:?}", copied(db).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_a_consumer_and_every_effect_happens_once() {
    let database = Database::create().await;
    let clock = Clock::manual(Clock::system().now());
    let db = with_notes(&database, &clock, 300).await;
    let stop = CancellationToken::new();
    let runners: Vec<_> = (0..2)
        .map(|_| {
            let copier = Arc::new(Copier {
                poison: None,
                healed: AtomicBool::new(true),
            });
            tokio::spawn(run_consumer(
                db.clone(),
                copier,
                Duration::from_millis(5),
                3,
                stop.clone(),
            ))
        })
        .collect();
    let numbers = until(&db, &clock, 300).await;
    stop.cancel();
    for runner in runners {
        runner.await.unwrap();
    }
    assert_eq!(numbers, (0..300).collect::<Vec<i64>>());
    assert_eq!(copied(&db).await.len(), 300);
}

/// Every third event is much work.
struct Weigher(Copier);

#[async_trait]
impl Consumer for Weigher {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn is_heavy(&self, event: &Recorded) -> bool {
        number(event).is_multiple_of(3)
    }

    async fn apply(&self, tx: &mut Tx, events: &[Recorded]) -> Result<(), ConsumerFault> {
        self.0.apply(tx, events).await
    }
}

#[tokio::test]
async fn a_transaction_takes_few_events_that_are_much_work() {
    let database = Database::create().await;
    let clock = Clock::manual(Clock::system().now());
    let db = with_notes(&database, &clock, 250).await;
    let stop = CancellationToken::new();
    let weigher = Arc::new(Weigher(Copier {
        poison: None,
        healed: AtomicBool::new(true),
    }));
    let poll = Duration::from_millis(5);
    let runner = tokio::spawn(run_consumer(db.clone(), weigher, poll, 3, stop.clone()));
    let numbers = until(&db, &clock, 250).await;
    stop.cancel();
    runner.await.unwrap();
    assert_eq!(numbers, (0..250).collect::<Vec<i64>>());
    let heavy = "SELECT max(heavy) FROM (
        SELECT count(*) FILTER (WHERE number % 3 = 0) AS heavy FROM copied GROUP BY xmin) transaction";
    let heavy: i64 = sqlx::query_scalar(heavy).fetch_one(db.pool()).await.unwrap();
    assert_eq!(heavy, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poisoned_event_is_put_aside_after_its_tries_and_can_be_taken_later() {
    let database = Database::create().await;
    let clock = Clock::manual(Clock::system().now());
    let db = with_notes(&database, &clock, 20).await;
    let copier = Arc::new(Copier {
        poison: Some(7),
        healed: AtomicBool::new(false),
    });
    let stop = CancellationToken::new();
    let consumer: Arc<dyn Consumer> = copier.clone();
    let runner = tokio::spawn(run_consumer(
        db.clone(),
        consumer,
        Duration::from_millis(5),
        3,
        stop.clone(),
    ));
    let numbers = until(&db, &clock, 19).await;
    stop.cancel();
    runner.await.unwrap();
    assert_eq!(numbers, (0..20).filter(|n| *n != 7).collect::<Vec<i64>>());
    let mut connection = db.pool().acquire().await.unwrap();
    let letters = dead_letters(&mut connection, "copier").await.unwrap();
    assert_eq!((letters.len(), letters[0].error.as_str()), (1, "poisoned"));
    assert_eq!(statuses(&mut connection).await.unwrap()[0].dead_letters, 1);

    assert_eq!(forgive(&db, &*copier).await.unwrap(), 0, "it fails again and stays");
    copier.healed.store(true, Ordering::Relaxed);
    assert_eq!(forgive(&db, &*copier).await.unwrap(), 1);
    assert_eq!(copied(&db).await, (0..20).collect::<Vec<i64>>());
    assert!(dead_letters(&mut connection, "copier").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_is_set_back_takes_everything_again() {
    let database = Database::create().await;
    let clock = Clock::manual(Clock::system().now());
    let db = with_notes(&database, &clock, 5).await;
    let run = async |rows| {
        let stop = CancellationToken::new();
        let copier = Arc::new(Copier {
            poison: None,
            healed: AtomicBool::new(true),
        });
        let runner = tokio::spawn(run_consumer(
            db.clone(),
            copier,
            Duration::from_millis(5),
            3,
            stop.clone(),
        ));
        let numbers = until(&db, &clock, rows).await;
        stop.cancel();
        runner.await.unwrap();
        numbers
    };
    assert_eq!(run(5).await, [0, 1, 2, 3, 4]);
    let mut tx = db.begin().await.unwrap();
    assert!(replay(&mut tx, "copier", Position::START).await.unwrap());
    assert!(!replay(&mut tx, "nobody", Position::START).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(run(10).await, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
}

#[tokio::test]
async fn positions_keep_rising_after_a_restore_into_a_younger_cluster() {
    let database = Database::create().await;
    let clock = Clock::system();
    let db = db(&database, &clock).await;
    let mut tx = db.begin().await.unwrap();
    let old = note(&mut tx, an_org(), 1).await;
    tx.commit().await.unwrap();
    // As a dump from a cluster whose transaction counter was far ahead.
    sqlx::raw_sql("BEGIN; SET LOCAL session_replication_role = replica; UPDATE event SET tx = tx + 1000000000; COMMIT")
        .execute(db.pool())
        .await
        .unwrap();
    guildhall_spine::db::migrate(db.pool(), clock.now()).await.unwrap();
    let mut tx = db.begin().await.unwrap();
    let new = note(&mut tx, an_org(), 2).await;
    tx.commit().await.unwrap();
    assert!(new.tx > old.tx + 1_000_000_000);
    settled(&db, new).await;
    let all = read(db.pool(), Position::START, 10).await.unwrap();
    assert_eq!(all.iter().map(number).collect::<Vec<_>>(), [1, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_an_older_transaction_held_back_is_read_when_that_ends() {
    let database = Database::create().await;
    let db = db(&database, &Clock::system()).await;
    let start = Position::now(db.pool()).await.unwrap();
    let (send, mut receive) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let reader = tokio::spawn({
        let (pool, wake, stop) = (db.pool().clone(), Arc::clone(db.wake()), stop.clone());
        // Looks so seldom that only the end of the older transaction can be the reason.
        async move { tail(pool, &wake, Duration::from_secs(3600), start, &Collector(send), stop).await }
    });
    let mut older = db.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *older)
        .await
        .unwrap();
    let mut tx = db.begin().await.unwrap();
    let position = note(&mut tx, an_org(), 1).await;
    tx.commit().await.unwrap();
    assert!(
        read(db.pool(), start, 10).await.unwrap().is_empty(),
        "not final, and read"
    );
    older.rollback().await.unwrap();
    let seen = tokio::time::timeout(Duration::from_secs(20), receive.recv())
        .await
        .expect("it is never read")
        .unwrap();
    assert_eq!(seen, (position, 1));
    stop.cancel();
    reader.await.unwrap();
}
