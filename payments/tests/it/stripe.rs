//! The client of Stripe against a stub that answers as Stripe documents.

use std::time::Duration;

use guildhall_kernel::{Currency, Money};
use guildhall_payments::provider::stripe::{API_VERSION, Settings, Stripe};
use guildhall_payments::{Destination, Order, Sent, Transfers};
use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{any, body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

const SECRET: &str = "sk_test_4eC39HqLyjWDarjtT1zdp7dc";
const PAYOUT: &str = "0195f7a0-1111-7abc-8def-0123456789ab";
const ACCOUNT: &str = "acct_1MTfjCQ9PRzxEwkZ";

fn order() -> Order {
    Order {
        payout_id: Uuid::parse_str(PAYOUT).unwrap(),
        amount: Money::new("125.50".parse().unwrap(), Currency::EUR),
        destination: Destination::stripe(ACCOUNT).unwrap(),
        description: "Commission February & March".to_owned(),
    }
}

fn client(base: &str) -> Stripe {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let settings = Settings {
        base: base.to_owned(),
        secret: SECRET.to_owned(),
        timeout: Duration::from_millis(400),
    };
    Stripe::new(reqwest::Client::builder().no_proxy(), settings).unwrap()
}

fn transfer() -> Value {
    json!({
        "id": "tr_1MiN3gLkdIwHu7ixNCZvFdgA", "object": "transfer", "amount": 12550, "amount_reversed": 0, "currency": "eur",
        "destination": ACCOUNT, "metadata": {"payout_id": PAYOUT}, "reversed": false, "transfer_group": PAYOUT,
    })
}

fn failure(kind: &str, code: Option<&str>, message: &str) -> Value {
    json!({"error": {"type": kind, "code": code, "message": message}})
}

/// What the client makes of one answer to a transfer.
async fn sent(answer: ResponseTemplate) -> Sent {
    let stub = MockServer::start().await;
    Mock::given(any()).respond_with(answer).expect(1).mount(&stub).await;
    client(&stub.uri()).send(&order()).await
}

async fn looked_up(answer: ResponseTemplate) -> Sent {
    let stub = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/transfers"))
        .and(query_param("transfer_group", PAYOUT))
        .and(header("authorization", format!("Bearer {SECRET}")))
        .respond_with(answer)
        .expect(1)
        .mount(&stub)
        .await;
    client(&stub.uri()).look_up(&order()).await
}

fn done() -> Sent {
    Sent::Done {
        reference: "tr_1MiN3gLkdIwHu7ixNCZvFdgA".to_owned(),
        settled: true,
    }
}

#[tokio::test]
async fn a_transfer_is_ordered_as_documented() {
    let stub = MockServer::start().await;
    let form = format!(
        "amount=12550&currency=eur&destination={ACCOUNT}&transfer_group={PAYOUT}&metadata%5Bpayout_id%5D={PAYOUT}\
         &description=Commission+February+%26+March"
    );
    Mock::given(method("POST"))
        .and(path("/v1/transfers"))
        .and(header("authorization", format!("Bearer {SECRET}")))
        .and(header("idempotency-key", PAYOUT))
        .and(header("stripe-version", API_VERSION))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string(form))
        .respond_with(ResponseTemplate::new(200).set_body_json(transfer()))
        .expect(2)
        .mount(&stub)
        .await;
    // The equal order is the equal request, with the equal key.
    assert_eq!(client(&stub.uri()).send(&order()).await, done());
    assert_eq!(client(&format!("{}/", stub.uri())).send(&order()).await, done());
}

#[tokio::test]
async fn each_documented_failure_has_its_meaning() {
    let refused = |code: &str| format!("Refused {code}");
    for (status, kind, code, expected) in [
        (
            400,
            "invalid_request_error",
            Some("parameter_invalid_integer"),
            refused("parameter_invalid_integer"),
        ),
        (400, "invalid_request_error", None, refused("invalid_request_error")),
        (401, "invalid_request_error", None, refused("unauthorized")),
        (
            402,
            "invalid_request_error",
            Some("balance_insufficient"),
            refused("balance_insufficient"),
        ),
        (
            400,
            "invalid_request_error",
            Some("balance_insufficient"),
            refused("balance_insufficient"),
        ),
        (403, "invalid_request_error", None, refused("forbidden")),
        (
            404,
            "invalid_request_error",
            Some("resource_missing"),
            refused("resource_missing"),
        ),
        (
            409,
            "idempotency_error",
            Some("idempotency_key_in_use"),
            "Later".to_owned(),
        ),
        (409, "invalid_request_error", Some("lock_timeout"), "Later".to_owned()),
        (429, "invalid_request_error", Some("lock_timeout"), "Later".to_owned()),
        (429, "invalid_request_error", Some("rate_limit"), "Later".to_owned()),
        // The same key with other parameters: the earlier order may have been paid.
        (400, "idempotency_error", None, "Unknown".to_owned()),
        (409, "invalid_request_error", None, "Unknown".to_owned()),
        (424, "api_error", None, "Unknown".to_owned()),
        (500, "api_error", None, "Unknown".to_owned()),
        (502, "api_error", None, "Unknown".to_owned()),
        (503, "api_error", None, "Unknown".to_owned()),
        (504, "api_error", None, "Unknown".to_owned()),
    ] {
        let body = failure(kind, code, "the reason");
        let answer = match sent(ResponseTemplate::new(status).set_body_json(body)).await {
            Sent::Refused { code, message } => {
                assert_eq!(message, "the reason");
                refused(&code)
            }
            Sent::Later { .. } => "Later".to_owned(),
            Sent::Unknown { message } => {
                assert!(message.contains("the reason"), "{message}");
                "Unknown".to_owned()
            }
            Sent::Done { .. } => "Done".to_owned(),
        };
        assert_eq!(answer, expected, "{status} {kind} {code:?}");
    }
}

#[tokio::test]
async fn a_limit_says_when_to_come_back() {
    let answer = ResponseTemplate::new(429)
        .insert_header("retry-after", "7")
        .set_body_json(failure("invalid_request_error", Some("rate_limit"), "slow down"));
    let later = Sent::Later {
        retry_after: Some(Duration::from_secs(7)),
        message: "slow down".to_owned(),
    };
    assert_eq!(sent(answer).await, later);
}

/// Whatever does not clearly say that nothing was paid may have been paid.
#[tokio::test]
async fn what_is_not_certain_is_unknown() {
    let mut other_amount = transfer();
    other_amount["amount"] = json!(12551);
    let mut other_account = transfer();
    other_account["destination"] = json!("acct_1MTfjCQ9PRzxEwkY");
    let mut other_payout = transfer();
    other_payout["metadata"] = json!({});
    let mut reversed = transfer();
    reversed["reversed"] = json!(true);
    for answer in [
        ResponseTemplate::new(200)
            .set_body_json(transfer())
            .set_delay(Duration::from_secs(2)),
        ResponseTemplate::new(200).set_body_string("<html>"),
        ResponseTemplate::new(200).set_body_json(other_amount),
        ResponseTemplate::new(200).set_body_json(other_account),
        ResponseTemplate::new(200).set_body_json(other_payout),
        ResponseTemplate::new(200).set_body_json(reversed),
        ResponseTemplate::new(200).set_body_bytes(vec![b' '; 2_000_000]),
        // From a proxy on the way, not from Stripe.
        ResponseTemplate::new(403).set_body_string("<html>forbidden</html>"),
        ResponseTemplate::new(302).insert_header("location", "ftp://elsewhere/"),
        ResponseTemplate::new(307).insert_header("location", "http://127.0.0.1:1/"),
        ResponseTemplate::new(502),
    ] {
        let answer = sent(answer).await;
        assert!(matches!(answer, Sent::Unknown { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn without_a_connection_nothing_was_ordered() {
    for base in ["http://127.0.0.1:1", "not an address"] {
        let answer = client(base).send(&order()).await;
        assert!(matches!(answer, Sent::Later { .. }), "{answer:?}");
        let looked_up = client(base).look_up(&order()).await;
        assert!(matches!(looked_up, Sent::Unknown { .. }), "{looked_up:?}");
    }
}

#[tokio::test]
async fn a_wrong_order_is_refused_before_it_is_sent() {
    let stub = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500))
        .expect(0)
        .mount(&stub)
        .await;
    let fraction = Order {
        amount: Money::new("0.005".parse().unwrap(), Currency::EUR),
        ..order()
    };
    let elsewhere = Order {
        destination: Destination::manual("cheque").unwrap(),
        ..order()
    };
    for (order, expected) in [(fraction, "amount"), (elsewhere, "destination")] {
        let answer = client(&stub.uri()).send(&order).await;
        assert!(
            matches!(&answer, Sent::Refused { code, .. } if code == expected),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_look_up_finds_what_an_unknown_attempt_did() {
    let list = |data: Value| {
        ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": data, "has_more": false}))
    };
    assert_eq!(looked_up(list(json!([transfer()]))).await, done());
    assert!(matches!(looked_up(list(json!([]))).await, Sent::Later { .. }));
    let mut without_payout = transfer();
    without_payout["metadata"] = json!({});
    let mut reversed = transfer();
    reversed["reversed"] = json!(true);
    let failed = ResponseTemplate::new(500).set_body_json(failure("api_error", None, "x"));
    for answer in [
        list(json!([transfer(), transfer()])),
        list(json!([without_payout])),
        list(json!([reversed])),
        failed,
        ResponseTemplate::new(200).set_body_string("[]"),
        list(json!([])).set_delay(Duration::from_secs(2)),
    ] {
        let answer = looked_up(answer).await;
        assert!(matches!(answer, Sent::Unknown { .. }), "{answer:?}");
    }
}

#[tokio::test]
async fn the_secret_is_never_shown() {
    let stripe = client("http://127.0.0.1:1");
    assert_eq!(stripe.name(), "stripe");
    let shown = format!(
        "{stripe:?} {:?} {:?}",
        stripe.send(&order()).await,
        stripe.look_up(&order()).await
    );
    assert!(!shown.contains(SECRET) && !shown.contains("sk_"), "{shown}");
}
