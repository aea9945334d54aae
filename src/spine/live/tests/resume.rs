//! Resuming over real connections, while events keep coming.

use serde_json::json;

use super::stage::{ORG, Stage, position};
use crate::config::LiveConfig;

#[tokio::test]
async fn what_was_missed_comes_first_and_then_what_happens() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    for number in 1..=250 {
        stage.happen(number).await;
    }
    let mut client = stage.client("ann").await;
    client
        .send(json!({"type": "subscribe", "id": "a", "channel": "org", "since": "20-20"}))
        .await;
    let confirmed = json!({"type": "subscribed", "id": "a", "recovered": true, "position": "20-20"});
    assert_eq!(client.next().await, confirmed);
    assert_eq!(client.numbers(230).await, (21..=250).collect::<Vec<_>>());
    stage.happen(251).await;
    assert_eq!(client.numbers(1).await, [251]);
}

#[tokio::test]
async fn a_resume_that_is_not_possible_says_why_and_goes_on_from_now() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    for number in 1..=9 {
        stage.happen(number).await;
    }
    *stage.world.expired_before.lock() = 5;
    for (since, reason) in [("3-3", "expired"), ("99-1", "unknown_position")] {
        let mut client = stage.client("ann").await;
        client
            .send(json!({"type": "subscribe", "id": "a", "channel": "org", "since": since}))
            .await;
        let answer = client.next().await;
        let expected =
            json!({"type": "subscribed", "id": "a", "recovered": false, "reason": reason, "position": "9-9"});
        assert_eq!(answer, expected);
    }
}

/// Sockets that come one after another, each with a subscription from somewhere in the past, under a stream of
/// events: with so short a queue that catching up overflows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_that_join_a_running_stream_see_every_event_once_and_in_order() {
    const LAST: i64 = 3000;
    let config = LiveConfig {
        queue_frames: 24,
        max_sockets_per_user: 100,
        ..LiveConfig::default()
    };
    let stage = std::sync::Arc::new(Stage::with(config).await);
    stage.person("ann", 10, ORG);
    for number in 1..=1000 {
        stage.happen(number).await;
    }
    let publisher = {
        let stage = std::sync::Arc::clone(&stage);
        tokio::spawn(async move {
            for number in 1001..=LAST {
                stage.happen(number).await;
                tokio::task::yield_now().await;
            }
        })
    };
    let mut readers = Vec::new();
    for reader in 0..40 {
        let since = reader * 25;
        let stage = std::sync::Arc::clone(&stage);
        readers.push(tokio::spawn(async move {
            let mut have = since;
            // A client that is too slow for this queue is closed, and resumes from the last event it has.
            while have < LAST {
                let mut client = stage.client("ann").await;
                let since = position(have).to_string();
                client
                    .send(json!({"type": "subscribe", "id": "a", "channel": "org", "since": since}))
                    .await;
                assert_eq!(client.next().await["recovered"], true);
                while have < LAST
                    && let Some(number) = client.number().await
                {
                    assert_eq!(number, have + 1);
                    have = number;
                }
            }
        }));
    }
    publisher.await.unwrap();
    for reader in readers {
        reader.await.unwrap();
    }
}
