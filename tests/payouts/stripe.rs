use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::till::{Till, put_at};
use crate::support::{TestServer, until};

/// How the service answers a call.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It pays.
    Pay,
    /// It pays, and the answer is lost.
    PayAndBreak,
    /// It pays, and never answers.
    PayAndHang,
    /// It is too busy.
    Busy,
    /// It has no money.
    Refuse,
}

/// A service that pays each key once.
#[derive(Clone, Default)]
struct Stub(Arc<Mutex<Books>>);

#[derive(Default)]
struct Books {
    manners: VecDeque<Manner>,
    /// Keys that came, each time that they came.
    calls: Vec<String>,
    /// What was paid.
    transfers: Vec<Value>,
}

async fn pay(State(stub): State<Stub>, headers: HeaderMap, body: String) -> Response {
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let (manner, transfer) = stub.take(&key, &body);
    let failure = |status: StatusCode, kind: &str, code: &str| {
        let error = json!({"error": {"type": kind, "code": code, "message": "told so"}});
        (status, error.to_string()).into_response()
    };
    match manner {
        Manner::Busy => failure(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "rate_limit"),
        Manner::Refuse => failure(StatusCode::BAD_REQUEST, "invalid_request_error", "balance_insufficient"),
        Manner::Pay => transfer.to_string().into_response(),
        Manner::PayAndHang => std::future::pending().await,
        Manner::PayAndBreak => {
            let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
            Body::from_stream(broken).into_response()
        }
    }
}

async fn list(State(stub): State<Stub>) -> Response {
    let books = stub.0.lock().unwrap();
    json!({"object": "list", "data": books.transfers, "has_more": false})
        .to_string()
        .into_response()
}

async fn open(manners: &[Manner]) -> (Till, Stub) {
    let stub = Stub::default();
    stub.0.lock().unwrap().manners = manners.iter().copied().collect();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/v1/transfers", post(pay).get(list))
        .with_state(stub.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let till = Till::with(TestServer::builder().manual_clock().start().await).await;
    let mut db = till.server.database.connect().await;
    sqlx::query("UPDATE payout_platform SET stripe_url = $1")
        .bind(url)
        .execute(&mut db)
        .await
        .unwrap();
    let keys = json!({"stripe": {"secret_key": "sk_test_12345678", "webhook_secret": "whsec_12345678"}});
    put_at(&till.checker, "/api/v1/payout-settings", "\"v1\"", &keys)
        .await
        .ok();
    till.profile(
        &till.alder,
        &json!({"type": "stripe", "account": "acct_1MTfjCQ9PRzxEwkZ"}),
    )
    .await
    .ok();
    till.rested().await;
    till.earn(till.scene.alder, "100.00").await;
    (till, stub)
}

impl Stub {
    /// How a call is answered, and the transfer that it makes, or that its key has made.
    fn take(&self, key: &str, body: &str) -> (Manner, Value) {
        let mut books = self.0.lock().unwrap();
        books.calls.push(key.to_owned());
        let manner = books.manners.pop_front().unwrap_or(Manner::Pay);
        if matches!(manner, Manner::Busy | Manner::Refuse) {
            return (manner, Value::Null);
        }
        let known = books.transfers.iter().find(|one| one["metadata"]["payout_id"] == key);
        if let Some(known) = known {
            return (manner, known.clone());
        }
        let field = |name: &str| {
            let found = body.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
            found.unwrap_or_default().to_owned()
        };
        let transfer = json!({"id": format!("tr_{}", books.transfers.len()), "object": "transfer",
            "amount": field("amount").parse::<i64>().unwrap(), "currency": field("currency"),
            "destination": field("destination"), "transfer_group": field("transfer_group"), "reversed": false,
            "metadata": {"payout_id": key}});
        books.transfers.push(transfer.clone());
        (manner, transfer)
    }

    fn calls(&self) -> usize {
        self.0.lock().unwrap().calls.len()
    }

    fn paid(&self) -> usize {
        self.0.lock().unwrap().transfers.len()
    }
}

/// Waits until the payout is of this status, and moves the clock meanwhile.
async fn becomes(till: &Till, wanted: &str) -> Value {
    let mut db = till.server.database.connect().await;
    until(wanted, async || {
        till.server.clock.advance(TimeDelta::milliseconds(20));
        let status: String = sqlx::query_scalar("SELECT status FROM payout")
            .fetch_one(&mut db)
            .await
            .unwrap();
        (status == wanted).then_some(())
    })
    .await;
    let maker = till.server.login("finance@northwind.example").await;
    maker.get("/api/v1/payouts").await.ok()["items"][0].clone()
}

/// A message as the service signs it: HMAC-SHA256 (RFC 2104) of time and body.
fn signature(secret: &str, at: i64, body: &str) -> String {
    let pad = |byte: u8| {
        let mut key = [byte; 64];
        for (to, from) in key.iter_mut().zip(secret.bytes()) {
            *to ^= from;
        }
        key
    };
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(format!("{at}.{body}"));
    let outer = Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize());
    let hex: String = outer.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={at},v1={hex}")
}

#[tokio::test]
async fn a_transfer_is_sent_under_the_payouts_key() {
    let (till, stub) = open(&[]).await;
    let batch = till.pay("stripe").await;
    let payout = becomes(&till, "paid").await;
    assert_eq!(payout["reference"], "tr_0");
    let transfer = stub.0.lock().unwrap().transfers[0].clone();
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
async fn a_busy_service_is_asked_again_with_the_same_key() {
    let (till, stub) = open(&[Manner::Busy, Manner::Busy]).await;
    till.pay("stripe").await;
    becomes(&till, "paid").await;
    let calls = stub.0.lock().unwrap().calls.clone();
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
