//! A payment service as tests have it: it pays each key once, in the manner that it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    extract::{RawQuery, State},
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
pub(super) enum Manner {
    /// It pays.
    Pay,
    /// It pays, and the answer is lost.
    PayAndBreak,
    /// It pays, and never answers.
    PayAndHang,
    /// It is gone before it pays.
    Hang,
    /// It is too busy.
    Busy,
    /// It has no money.
    Refuse,
}

/// A service that pays each key once.
#[derive(Clone, Default)]
pub(super) struct Stub(Arc<Mutex<Books>>);

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
        Manner::Hang | Manner::PayAndHang => std::future::pending().await,
        Manner::PayAndBreak => {
            let broken = futures_util::stream::iter([Ok("{"), Err(std::io::Error::other("gone"))]);
            Body::from_stream(broken).into_response()
        }
    }
}

/// The transfers of a group.
async fn list(State(stub): State<Stub>, RawQuery(query): RawQuery) -> Response {
    let group = field(&query.unwrap_or_default(), "transfer_group");
    let found: Vec<Value> = stub
        .transfers()
        .into_iter()
        .filter(|one| one["transfer_group"] == *group)
        .collect();
    json!({"object": "list", "data": found, "has_more": false})
        .to_string()
        .into_response()
}

/// A field of a form, without signs that are escaped.
fn field(form: &str, name: &str) -> String {
    let found = form.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    found.unwrap_or_default().to_owned()
}

pub(super) async fn open(manners: &[Manner]) -> (Till, Stub) {
    let stub = Stub::default();
    stub.behave(manners);
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
        if matches!(manner, Manner::Busy | Manner::Refuse | Manner::Hang) {
            return (manner, Value::Null);
        }
        let known = books.transfers.iter().find(|one| one["metadata"]["payout_id"] == key);
        if let Some(known) = known {
            return (manner, known.clone());
        }
        let field = |name: &str| field(body, name);
        let transfer = json!({"id": format!("tr_{}", books.transfers.len()), "object": "transfer",
            "amount": field("amount").parse::<i64>().unwrap(), "currency": field("currency"),
            "destination": field("destination"), "transfer_group": field("transfer_group"), "reversed": false,
            "metadata": {"payout_id": key}});
        books.transfers.push(transfer.clone());
        (manner, transfer)
    }

    /// Keys that came, each time that they came.
    pub(super) fn keys(&self) -> Vec<String> {
        self.0.lock().unwrap().calls.clone()
    }

    /// What was paid.
    pub(super) fn transfers(&self) -> Vec<Value> {
        self.0.lock().unwrap().transfers.clone()
    }

    /// From now on it answers so, and pays after that.
    pub(super) fn behave(&self, manners: &[Manner]) {
        self.0.lock().unwrap().manners = manners.iter().copied().collect();
    }

    pub(super) fn calls(&self) -> usize {
        self.0.lock().unwrap().calls.len()
    }

    pub(super) fn paid(&self) -> usize {
        self.0.lock().unwrap().transfers.len()
    }
}

/// Waits until the payout is of this status, and moves the clock meanwhile.
pub(super) async fn becomes(till: &Till, wanted: &str) -> Value {
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
pub(super) fn signature(secret: &str, at: i64, body: &str) -> String {
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
