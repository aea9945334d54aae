//! The program and its private PostgreSQL, killed at random instants while clients write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::http::Method;
use bytes::Bytes;
use guildhall_kernel::{Clock, DealId, Entropy, parse_id_text};
use guildhall_spine::{audit::verify, db::embedded::EmbeddedCluster};
use nix::sys::signal::{Signal, kill};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::support::{Caller, PATIENCE, Place, Process, audited};

/// Decides after how many acknowledged writes each round's blow falls.
const SEED: u64 = 20_261_123;
const WRITERS: usize = 8;

/// Who is killed in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blow {
    Server,
    Postgres,
    Both,
}

/// What the clients know of their writes, by Idempotency-Key: the answer, once there was one.
#[derive(Default)]
struct Ledger {
    writes: Mutex<BTreeMap<String, Option<Bytes>>>,
    acknowledged: AtomicU64,
    more: Notify,
}

impl Ledger {
    fn begin(&self, key: &str) {
        self.writes.lock().unwrap().entry(key.to_owned()).or_default();
    }

    /// An answer has come; it is the one that came before, if there was one.
    fn acknowledge(&self, key: &str, answer: Bytes) {
        let before = self
            .writes
            .lock()
            .unwrap()
            .insert(key.to_owned(), Some(answer.clone()))
            .flatten();
        assert!(
            before.is_none_or(|before| before == answer),
            "{key}: another answer to the same write"
        );
        self.acknowledged.fetch_add(1, Ordering::SeqCst);
        self.more.notify_one();
    }

    async fn reached(&self, count: u64) {
        while self.acknowledged.load(Ordering::SeqCst) < count {
            tokio::time::timeout(PATIENCE, self.more.notified())
                .await
                .expect("writes do not get through");
        }
    }
}

/// A registration of a customer that resembles no other.
fn body(vendor: &Value, key: &str) -> Value {
    let name: String = Sha256::digest(key)
        .iter()
        .take(10)
        .map(|byte| char::from(b'a' + byte % 26))
        .collect();
    json!({
        "vendor_id": vendor,
        "customer": {"name": name, "domain": format!("{key}.example"), "country": "SE"},
        "currency": "EUR",
        "expected_close": Clock::system().now().date_naive() + chrono::Days::new(60),
        "products": [{"name": "Gateway", "quantity": "1", "unit_amount": "10"}],
        "note": key,
    })
}

/// Writes once; asks again for as long as the server says that the database is away. `None` when the server is gone.
async fn write(caller: &Caller, vendor: &Value, key: &str) -> Option<Bytes> {
    let text = body(vendor, key).to_string();
    let headers = [("content-type", "application/json"), ("idempotency-key", key)];
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = caller
            .try_send(Method::POST, "/api/v1/deals", &headers, text.clone())
            .await
            .ok()?;
        match answer.status.as_u16() {
            201 => return Some(answer.body),
            503 | 409 if Instant::now() < end => {}
            _ => panic!("{key}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)),
        }
    }
}

/// Writers who go on until the server is gone or `enough` writes are acknowledged.
fn writers(callers: &[Caller], vendor: &Value, ledger: &Arc<Ledger>, round: usize, enough: u64) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (caller, vendor, ledger) = (
            callers[writer % callers.len()].clone(),
            vendor.clone(),
            Arc::clone(ledger),
        );
        writers.spawn(async move {
            for n in 0.. {
                if ledger.acknowledged.load(Ordering::SeqCst) >= enough {
                    return;
                }
                let key = format!("r{round}-w{writer}-n{n}");
                ledger.begin(&key);
                match write(&caller, &vendor, &key).await {
                    Some(answer) => ledger.acknowledge(&key, answer),
                    None => return,
                }
            }
        });
    }
    writers
}

async fn serve(place: &Place) -> Process {
    let change = |command: &mut tokio::process::Command| {
        command
            .args(["--demo", "small"])
            .env("GUILDHALL_RATE_LIMIT__ENABLED", "false");
    };
    place.serve(change).await
}

/// Sends every write again, the acknowledged and those in doubt, and compares what is stored with what was answered.
async fn settle(place: &Place, callers: &[Caller], vendor: &Value, ledger: &Ledger) {
    let writes = ledger.writes.lock().unwrap().clone();
    for key in writes.keys() {
        let writer: usize = key.split(['w', '-']).nth(2).unwrap().parse().unwrap();
        let answer = write(&callers[writer % callers.len()], vendor, key)
            .await
            .expect("the server is gone again");
        ledger.acknowledge(key, answer);
    }
    let pool = PgPool::connect_with(EmbeddedCluster::join(&place.data()).unwrap())
        .await
        .unwrap();
    let stored: Vec<(String, DealId)> =
        sqlx::query_as("SELECT note, id FROM deal WHERE note LIKE 'r%-w%-n%' ORDER BY note")
            .fetch_all(&pool)
            .await
            .unwrap();
    let answered = ledger.writes.lock().unwrap().clone();
    let answered: Vec<(String, DealId)> = answered
        .into_iter()
        .map(|(key, answer)| {
            (
                key,
                serde_json::from_slice::<Value>(&answer.unwrap()).unwrap()["id"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap(),
            )
        })
        .collect();
    assert_eq!(
        stored, answered,
        "the deals that are stored are those that were answered, each once"
    );
    let events: Vec<(DealId, String, i64)> = sqlx::query_as(
        "SELECT e.subject_id, e.kind, (SELECT count(*) FROM event_audience a WHERE (a.tx, a.seq, a.at) = (e.tx, e.seq, e.at))
         FROM event e JOIN deal d ON d.id = e.subject_id WHERE d.note LIKE 'r%-w%-n%' ORDER BY d.note",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected: Vec<_> = stored
        .iter()
        .map(|(_, deal)| (*deal, "deal.submitted".to_owned(), 2))
        .collect();
    assert_eq!(
        events, expected,
        "each deal has its one event, for its vendor and its partner"
    );
    pool.close().await;
}

/// What the manager's feed has of these deals, from the beginning.
async fn fed(manager: &Caller, since: &str) -> Vec<Uuid> {
    let (mut since, mut deals) = (since.to_owned(), Vec::new());
    loop {
        let page = manager.get(&format!("/api/v1/events?since={since}")).await.ok();
        let items = page["items"].as_array().unwrap();
        if items.is_empty() {
            return deals;
        }
        deals.extend(
            items
                .iter()
                .filter_map(|event| parse_id_text(event["subject"].as_str()?))
                .map(|(_, id)| id),
        );
        page["position"].as_str().unwrap().clone_into(&mut since);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledged_write_and_exactly_its_event_survive_a_kill_at_any_instant() {
    let place = Place::new();
    let entropy = Entropy::seeded(SEED);
    let mut server = serve(&place).await;
    let manager = server.login("manager@vendor1.example").await;
    let tokens = [
        server.login("rep@partner1.example").await.token,
        server.login("rep@partner2.example").await.token,
    ];
    let vendor = manager.get("/api/v1/deals?limit=1").await.ok()["items"][0]["vendor"]["id"].clone();
    let start = manager.get("/api/v1/events").await.ok()["position"]
        .as_str()
        .unwrap()
        .to_owned();
    let ledger = Arc::new(Ledger::default());
    let callers = |server: &Process| {
        tokens
            .iter()
            .map(|token| server.caller(token.clone()))
            .collect::<Vec<_>>()
    };
    for (round, blow) in [Blow::Server, Blow::Postgres, Blow::Both, Blow::Server, Blow::Both]
        .into_iter()
        .enumerate()
    {
        let [random] = entropy.bytes();
        let fatal = ledger.acknowledged.load(Ordering::SeqCst) + 1 + u64::from(random % 64);
        eprintln!("round {round}: {blow:?} is killed at acknowledged write {fatal} (seed {SEED})");
        let enough = if blow == Blow::Postgres { fatal + 40 } else { u64::MAX };
        let writers = writers(&callers(&server), &vendor, &ledger, round, enough);
        ledger.reached(fatal).await;
        let postmaster = place.postmaster();
        if blow == Blow::Postgres {
            kill(postmaster, Signal::SIGKILL).unwrap();
            writers.join_all().await;
        } else {
            server.kill().await;
            if blow == Blow::Both {
                kill(postmaster, Signal::SIGKILL).unwrap();
            }
            writers.join_all().await;
            server = serve(&place).await;
        }
        settle(&place, &callers(&server), &vendor, &ledger).await;
    }
    let deals = fed(&server.caller(manager.token), &start).await;
    let written = ledger.writes.lock().unwrap().len();
    assert_eq!(
        (deals.len(), deals.iter().collect::<BTreeSet<_>>().len()),
        (written, written)
    );
    let pool = PgPool::connect_with(EmbeddedCluster::join(&place.data()).unwrap())
        .await
        .unwrap();
    audited(&mut pool.acquire().await.unwrap()).await;
    assert_eq!(verify(&pool, |_| {}).await.unwrap().faults, []);
    pool.close().await;
    let (status, _) = server.terminate().await;
    assert!(status.success(), "{status}");
}
