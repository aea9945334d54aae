//! Commands that move money, each under a key of its own.

use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::Method;
use serde_json::Value;

use crate::support::{Answer, Caller};

static COUNT: AtomicU64 = AtomicU64::new(0);

fn fresh() -> String {
    format!("key-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// POST under a fresh key.
pub(crate) async fn post(caller: &Caller, path: &str, body: &Value) -> Answer {
    caller.post_once(path, &fresh(), body).await
}

/// POST under a fresh key, at the record's version as it stands.
pub(crate) async fn post_now(caller: &Caller, record: &str, word: &str, body: &Value) -> Answer {
    let etag = caller.etag(record).await;
    post_at(caller, &format!("{record}/{word}"), &etag, body).await
}

/// POST under a fresh key, at this version of the record.
pub(crate) async fn post_at(caller: &Caller, path: &str, etag: &str, body: &Value) -> Answer {
    let key = fresh();
    let headers = [
        ("content-type", "application/json"),
        ("if-match", etag),
        ("idempotency-key", &key),
    ];
    caller.send(Method::POST, path, &headers, body.to_string()).await
}
