//! Bounds: slow readers, fast senders, expiry, silence, and the number of sockets.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

use super::stage::{ORG, Stage};
use crate::{
    config::LiveConfig,
    event::Topic,
    live::{Access, Full, TopicSet},
};

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_the_others_get_everything() {
    let stage = Stage::with(LiveConfig {
        queue_frames: 64,
        ..LiveConfig::default()
    })
    .await;
    stage.person("ann", 10, ORG);
    stage.person("bob", 11, ORG);
    let mut slow = stage.sluggard("ann").await;
    slow.send(json!({"type": "subscribe", "id": "all", "channel": "org"}))
        .await;
    assert_eq!(slow.next().await["type"], "subscribed");
    let mut quick = stage.listener("bob").await;
    let padding = "p".repeat(1000);
    let mut last = 0;
    // The kernel's buffers take some of them, whatever they are set to.
    let mut hearers = 2;
    while hearers == 2 {
        last += 1;
        assert!(last < 5000, "the slow socket was never closed");
        stage.commit(last, &[ORG], Topic::Deals, &padding);
        hearers = stage.publish(last).await;
        assert_eq!(quick.numbers(1).await, [last]);
    }
    stage.happen(last + 1).await;
    assert_eq!(quick.numbers(1).await, [last + 1]);
    let mut got = Vec::new();
    let code = loop {
        match slow.socket.next().await.unwrap().unwrap() {
            Message::Text(text) => {
                got.push(
                    serde_json::from_str::<serde_json::Value>(&text).unwrap()["number"]
                        .as_i64()
                        .unwrap(),
                );
            }
            Message::Close(close) => break u16::from(close.unwrap().code),
            _ => {}
        }
    };
    assert_eq!(code, 4008);
    assert_eq!(
        got,
        (1..=i64::try_from(got.len()).unwrap()).collect::<Vec<_>>(),
        "whole frames, in order"
    );
    let mut again = stage.client("ann").await;
    let since = got.last().copied().unwrap_or(0);
    again
        .send(json!({"type": "subscribe", "id": "all", "channel": "org", "since": format!("{since}-{since}")}))
        .await;
    assert_eq!(again.next().await["recovered"], true);
    let missed = again.numbers(usize::try_from(last + 1 - since).unwrap()).await;
    assert_eq!(missed, (since + 1..=last + 1).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_hundred_thousand_subscribe_frames_close_their_sender_and_others_are_served() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    stage.person("bob", 11, ORG);
    let mut bob = stage.listener("bob").await;
    let (mut flood, mut answers) = stage.client("ann").await.socket.split();
    let sender = tokio::spawn(async move {
        for number in 0..100_000 {
            let frame = json!({"type": "subscribe", "id": format!("s{number}"), "channel": "org", "since": "0-0"});
            if flood.send(Message::text(frame.to_string())).await.is_err() {
                return number;
            }
        }
        100_000
    });
    let mut code = None;
    while let Some(Ok(message)) = answers.next().await {
        if let Message::Close(close) = message {
            code = close.map(|close| u16::from(close.code));
        }
    }
    assert_eq!(code, Some(4029));
    assert!(sender.await.unwrap() < 100_000);
    stage.happen(1).await;
    assert_eq!(bob.numbers(1).await, [1]);
}

#[tokio::test]
async fn twenty_bad_frames_are_forgiven_and_no_more() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    let mut client = stage.client("ann").await;
    for _ in 0..20 {
        client.send(json!({"type": "nonsense"})).await;
        assert_eq!(client.next().await["code"], "unknown_type");
    }
    client.send(json!({"type": "nonsense"})).await;
    assert_eq!(client.closed().await, 4029);
}

#[tokio::test]
async fn an_expired_token_ends_the_socket_and_a_fresh_one_keeps_it() {
    let stage = Stage::new().await;
    let viewer = stage.person("ann", 10, ORG);
    stage.person("bob", 11, ORG);
    let mut renewed = stage.listener("ann").await;
    let mut lapsed = stage.listener("ann").await;
    let later = viewer.expires_at.map(|at| at + TimeDelta::minutes(10));
    stage.grant(
        "ann2",
        crate::live::Viewer {
            expires_at: later,
            topics: TopicSet::from(Topic::Deals),
            ..viewer
        },
    );
    renewed.send(json!({"type": "authenticate", "token": "bob"})).await;
    assert_eq!(renewed.next().await["code"], "another_actor");
    renewed.send(json!({"type": "authenticate", "token": "ann2"})).await;
    let lost = json!({"type": "revoked", "what": {"topics": ["partnerships"]}, "reason": "role_changed"});
    assert_eq!(renewed.next().await, lost);
    assert_eq!(
        renewed.next().await,
        json!({"type": "authenticated", "expires_at": "2027-01-15T08:20:00Z"})
    );
    stage.clock.advance(TimeDelta::minutes(11));
    stage.hub.sweep(1).await;
    assert_eq!(lapsed.closed().await, 4001);
    stage.commit(1, &[ORG], Topic::Partnerships, "");
    assert_eq!(stage.publish(1).await, 0, "the role no longer includes it");
    assert_eq!(stage.happen(2).await, 1);
    assert_eq!(renewed.numbers(1).await, [2]);
}

#[tokio::test]
async fn each_socket_is_pinged_once_a_heartbeat_and_dropped_when_silent() {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    let mut client = stage.client("ann").await;
    let mut pings = 0;
    for second in 0..=50 {
        stage.hub.sweep(second).await;
    }
    stage.happen(1).await;
    client.send(json!({"type": "ping", "nonce": "end"})).await;
    loop {
        match client.socket.next().await.unwrap().unwrap() {
            Message::Ping(_) => pings += 1,
            Message::Text(_) => break,
            _ => {}
        }
    }
    assert_eq!(pings, 2);
    stage.hub.sweep(61).await;
    stage.hub.sweep(62).await;
    assert!(client.ended().await);
    stage.hub.census.empty().await;
}

#[tokio::test]
async fn a_peer_that_never_answers_the_close_is_dropped() {
    let stage = Stage::new().await;
    let viewer = stage.person("ann", 10, ORG);
    let _mute = stage.sluggard("ann").await;
    assert_eq!(stage.hub.revoke(Access::Owner(viewer.owner), "signed_out"), 1);
    stage.hub.sweep(0).await;
    assert_eq!(stage.hub.sockets(), 1);
    stage.hub.sweep(10).await;
    stage.hub.census.empty().await;
}

#[tokio::test]
async fn lost_access_is_said_and_ends_the_right_sockets() {
    let stage = Stage::new().await;
    let ann = stage.person("ann", 10, ORG);
    stage.person("bob", 11, ORG);
    let mut lost = stage.listener("ann").await;
    let mut stays = stage.listener("bob").await;
    assert_eq!(stage.hub.revoke(Access::Session(ann.session.unwrap()), "signed_out"), 1);
    assert_eq!(
        lost.next().await,
        json!({"type": "revoked", "what": "session", "reason": "signed_out"})
    );
    assert_eq!(lost.closed().await, 4003);
    let member = Access::Member {
        user: Uuid::from_u128(11),
        organisation: ORG,
    };
    stage.happen(1).await;
    assert_eq!(stays.numbers(1).await, [1]);
    assert_eq!(stage.hub.revoke(member, "membership_removed"), 1);
    assert_eq!(stays.next().await["reason"], "membership_removed");
}

#[tokio::test]
async fn access_that_ended_while_the_socket_was_opened_ends_it() {
    let stage = Stage::new().await;
    let ann = stage.person("ann", 10, ORG);
    stage.person("bob", 11, ORG);
    let session = Access::Session(ann.session.unwrap());
    assert_eq!(
        stage.hub.revoke(session, "signed_out"),
        0,
        "the hub doesn't know the socket yet"
    );
    // The token was believed when the handshake began; by now the session has ended.
    stage.end_session("ann");
    let mut late = stage.sluggard("ann").await;
    assert_eq!(late.closed().await, 4003);
    assert_eq!(stage.hub.revoke(Access::Owner(Uuid::from_u128(11)), "role_changed"), 0);
    let mut still_valid = stage.listener("bob").await;
    stage.happen(1).await;
    assert_eq!(still_valid.numbers(1).await, [1]);
}

#[tokio::test]
async fn places_are_counted_by_node_and_owner_and_come_back() {
    let stage = Stage::with(LiveConfig {
        max_sockets: 3,
        max_sockets_per_user: 2,
        ..LiveConfig::default()
    })
    .await;
    let ann = stage.person("ann", 10, ORG).owner;
    let (bob, cem) = (Uuid::from_u128(11), Uuid::from_u128(12));
    let first = stage.client("ann").await;
    let second = stage.hub.admit(ann).unwrap();
    assert_eq!(stage.hub.admit(ann).err(), Some(Full::Owner));
    let third = stage.hub.admit(bob).unwrap();
    assert_eq!(stage.hub.admit(cem).err(), Some(Full::Node));
    drop((second, third));
    assert!(stage.hub.admit(cem).is_ok());
    drop(first);
    stage.hub.census.empty().await;
    assert_eq!(stage.hub.sockets(), 0);
}

#[tokio::test]
async fn a_stop_tells_every_socket_to_come_back_and_admits_nobody() {
    let stage = Stage::new().await;
    let ann = stage.person("ann", 10, ORG);
    let mut clients = Vec::new();
    for _ in 0..5 {
        clients.push(stage.listener("ann").await);
    }
    let hub = std::sync::Arc::clone(&stage.hub);
    let drain = tokio::spawn(async move { hub.drain(Duration::from_secs(20)).await });
    for client in &mut clients {
        assert_eq!(client.closed().await, 1012);
    }
    for client in &mut clients {
        assert!(client.ended().await);
    }
    drain.await.unwrap();
    assert_eq!(stage.hub.admit(ann.owner).err(), Some(Full::Stopping));
}
