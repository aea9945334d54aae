//! The protocol: what is understood, and how the rest is refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::stage::{ORG, OTHER_ORG, Stage};
use crate::{
    event::Topic,
    live::{parse, protocol::ClientFrame},
};

#[tokio::test]
async fn hello_says_what_a_client_needs() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    let client = stage.client("ann").await;
    assert_eq!(client.hello["heartbeat_seconds"], 25);
    assert_eq!(client.hello["max_frame_bytes"], 16 * 1024);
    assert_eq!(client.hello["position"], "0-0");
    assert_eq!(client.hello["expires_at"], "2027-01-15T08:10:00Z");
    assert!(client.hello["connection_id"].as_str().unwrap().starts_with("con_"));
}

/// A frame, the code it is refused with, and where it is wrong.
type Case = (Value, &'static str, Value);

async fn is_refused(cases: impl IntoIterator<Item = Case>) {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    let mut client = stage.client("ann").await;
    for (frame, code, pointer) in cases {
        client.send(frame.clone()).await;
        let answer = client.next().await;
        assert_eq!(
            (&answer["type"], &answer["code"]),
            (&json!("error"), &json!(code)),
            "{frame} {answer}"
        );
        assert_eq!(answer["pointer"], pointer, "{frame} {answer}");
        assert!(
            answer["detail"].as_str().is_some_and(|detail| detail.len() > 10),
            "{answer}"
        );
        if frame["id"] == "a" {
            assert_eq!(answer["id"], "a", "{answer}");
        }
    }
}

fn subscribe(member: &str, value: impl Into<Value>) -> Value {
    let mut frame = json!({"type": "subscribe", "id": "a", "channel": "org"});
    frame[member] = value.into();
    frame
}

#[tokio::test]
async fn every_malformed_frame_gets_a_named_error_that_says_where() {
    is_refused([
        (json!([1]), "not_an_object", Value::Null),
        (json!({"id": "a"}), "missing_field", json!("/type")),
        (json!({"type": 1}), "invalid_field", json!("/type")),
        (json!({"type": "shout", "id": "a"}), "unknown_type", json!("/type")),
        (
            json!({"type": "subscribe", "id": "a"}),
            "missing_field",
            json!("/channel"),
        ),
        (subscribe("id", "i".repeat(65)), "invalid_field", json!("/id")),
        (subscribe("id", ""), "invalid_field", json!("/id")),
        (subscribe("channel", "everyone"), "invalid_field", json!("/channel")),
        (subscribe("x", 1), "unknown_field", json!("/x")),
        (
            subscribe("topics", json!(["deals", "gossip"])),
            "invalid_field",
            json!("/topics/1"),
        ),
        (subscribe("since", "yesterday"), "invalid_field", json!("/since")),
        (
            json!({"type": "ping", "nonce": "n".repeat(65)}),
            "invalid_field",
            json!("/nonce"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_may_not_be_had_is_refused_by_name() {
    is_refused([
        (subscribe("channel", "deal:deal_2"), "not_found", json!("/channel")),
        (subscribe("channel", "boat:boat_1"), "not_found", json!("/channel")),
        (
            subscribe("topics", json!(["organisation"])),
            "forbidden_topic",
            json!("/topics/0"),
        ),
        (
            json!({"type": "unsubscribe", "id": "a"}),
            "unknown_subscription",
            json!("/id"),
        ),
        (
            json!({"type": "authenticate", "token": "forged"}),
            "invalid_token",
            json!("/token"),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_subscription_hears_its_channel_its_topics_and_its_subject_and_ends() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    stage.person("eve", 11, OTHER_ORG);
    let mut deal = stage.client("ann").await;
    deal.send(json!({"type": "subscribe", "id": "d", "channel": "deal:deal_1"}))
        .await;
    assert_eq!(
        deal.next().await,
        json!({"type": "subscribed", "id": "d", "recovered": false, "position": "0-0"})
    );
    let mut topic = stage.client("ann").await;
    topic
        .send(json!({"type": "subscribe", "id": "t", "channel": "org", "topics": ["partnerships"]}))
        .await;
    topic.next().await;
    let mut me = stage.client("ann").await;
    me.send(json!({"type": "subscribe", "id": "m", "channel": "me"})).await;
    me.next().await;
    let mut stranger = stage.listener("eve").await;
    let ann = uuid::Uuid::from_u128(10);
    stage.commit(1, &[ORG], Topic::Deals, "");
    stage.commit(2, &[ORG], Topic::Deals, "");
    stage.commit(3, &[ORG], Topic::Partnerships, "");
    stage.commit(4, &[ann], Topic::Account, "");
    stage.commit(5, &[ORG], Topic::Organisation, "");
    stage.commit(6, &[ORG, OTHER_ORG, ann], Topic::Deals, "");
    stage.commit(8, &[ORG, OTHER_ORG, ann], Topic::Partnerships, "");
    for (number, heard) in [(1, 0), (2, 1), (3, 1), (4, 1), (5, 0), (6, 3), (8, 4)] {
        assert_eq!(stage.publish(number).await, heard, "event {number}");
    }
    assert_eq!(deal.numbers(3).await, [2, 6, 8]);
    assert_eq!(topic.numbers(2).await, [3, 8]);
    assert_eq!(me.numbers(3).await, [4, 6, 8]);
    assert_eq!(stranger.numbers(2).await, [6, 8]);
    topic.send(json!({"type": "unsubscribe", "id": "t"})).await;
    assert_eq!(topic.next().await, json!({"type": "unsubscribed", "id": "t"}));
    stage.commit(9, &[ORG], Topic::Partnerships, "");
    assert_eq!(stage.publish(9).await, 0);
}

#[tokio::test]
async fn ids_are_used_once_and_subscriptions_are_counted() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    let mut client = stage.listener("ann").await;
    client
        .send(json!({"type": "subscribe", "id": "all", "channel": "me"}))
        .await;
    assert_eq!(client.next().await["code"], "duplicate_id");
    for number in 0..52 {
        client
            .send(json!({"type": "subscribe", "id": format!("s{number}"), "channel": "org"}))
            .await;
        assert_eq!(client.next().await["type"], "subscribed");
    }
    assert_eq!(
        stage.happen(1).await,
        1,
        "a socket gets an event once, however many subscriptions want it"
    );
    assert_eq!(client.numbers(1).await, [1]);
}

fn field() -> impl Strategy<Value = (String, Value)> {
    let name = prop_oneof!["type|id|channel|topics|since|token|nonce", "[a-z~/]{0,6}"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "subscribe|unsubscribe|authenticate|ping|org|me|deal:deal_1|7-7".prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
        prop::collection::vec("deals|partnerships|.{0,4}", 0..4).prop_map(Value::from),
    ];
    (name, leaf)
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic_and_every_refusal_is_named(text in "\\PC{0,200}") {
        if let Err(refused) = parse(&text) {
            prop_assert!(!refused.code.is_empty() && !refused.detail.is_empty());
        }
    }

    #[test]
    fn objects_of_our_members_parse_or_are_refused_with_a_place(fields in prop::collection::vec(field(), 0..6)) {
        let text = Value::Object(fields.into_iter().collect()).to_string();
        match parse(&text) {
            Ok(frame) => {
                let again = serde_json::to_string(&frame).unwrap();
                prop_assert_eq!(parse(&again).unwrap(), frame, "a frame reads back as itself");
            }
            Err(refused) => prop_assert!(refused.pointer.is_some_and(|pointer| pointer.starts_with('/'))),
        }
    }
}

#[test]
fn a_frame_is_what_its_schema_says() {
    let schema = schemars::schema_for!(ClientFrame).to_value();
    assert_eq!(schema["oneOf"].as_array().map(Vec::len), Some(4), "{schema}");
}
