//! RFC 6455 as clients that keep to it, and clients that don't, see it.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::stage::{ORG, Stage};
use crate::live::connection::Connection;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

async fn stage() -> Stage {
    let stage = Stage::new().await;
    stage.person("ann", 10, ORG);
    stage
}

async fn ask(stage: &Stage, headers: &str) -> String {
    let mut stream = stage.stream(None).await;
    let request = format!("GET /ann HTTP/1.1\r\nHost: localhost\r\nConnection: close, Upgrade\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).to_lowercase()
}

#[tokio::test]
async fn the_handshake_answers_the_rfcs_example_key() {
    let stage = stage().await;
    let answer = ask(
        &stage,
        &format!("Upgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"),
    )
    .await;
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    assert!(
        answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
        "{answer}"
    );
}

#[tokio::test]
async fn bad_handshakes_are_told_what_is_wrong() {
    let stage = stage().await;
    for (headers, status) in [
        (
            format!("Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"),
            "426",
        ),
        (
            format!("Upgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Key: {KEY}\r\n"),
            "426",
        ),
        (format!("Upgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\n"), "426"),
        ("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n".to_owned(), "400"),
        (
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c2hvcnQ=\r\n".to_owned(),
            "400",
        ),
    ] {
        let answer = ask(&stage, &headers).await;
        assert!(answer.starts_with(&format!("http/1.1 {status}")), "{headers}{answer}");
        assert_eq!(
            answer.contains("sec-websocket-version: 13"),
            status == "426",
            "{answer}"
        );
    }
}

#[tokio::test]
async fn pings_are_answered_with_their_payload() {
    let stage = stage().await;
    let mut client = stage.client("ann").await;
    client.socket.send(Message::Ping("are you there".into())).await.unwrap();
    assert_eq!(
        client.socket.next().await.unwrap().unwrap(),
        Message::Pong("are you there".into())
    );
}

#[tokio::test]
async fn a_message_in_fragments_with_a_ping_between_them_is_one_message() {
    let stage = stage().await;
    let mut client = stage.client("ann").await;
    let part = |text: &str, code, last| Message::Frame(Frame::message(text.to_owned(), OpCode::Data(code), last));
    client
        .socket
        .send(part("{\"type\":\"pi", Data::Text, false))
        .await
        .unwrap();
    client.socket.send(Message::Ping("between".into())).await.unwrap();
    client
        .socket
        .send(part("ng\",\"nonce\":", Data::Continue, false))
        .await
        .unwrap();
    client.socket.send(part("\"n\"}", Data::Continue, true)).await.unwrap();
    assert_eq!(
        client.socket.next().await.unwrap().unwrap(),
        Message::Pong("between".into())
    );
    assert_eq!(client.next().await, json!({"type": "pong", "nonce": "n"}));
}

#[tokio::test]
async fn the_close_handshake_is_answered_and_the_connection_ends() {
    let stage = stage().await;
    let mut client = stage.client("ann").await;
    client.socket.close(None).await.unwrap();
    assert!(matches!(client.socket.next().await, Some(Ok(Message::Close(_)))));
    assert!(client.ended().await);
    stage.hub.census.empty().await;
    assert_eq!(stage.hub.sockets(), 0);
}

#[tokio::test]
async fn what_breaks_the_protocol_is_closed_with_its_code() {
    let stage = stage().await;
    let big = "x".repeat(17 * 1024);
    let half = "x".repeat(9 * 1024);
    let part = |text: &str, code, last| Message::Frame(Frame::message(text.to_owned(), OpCode::Data(code), last));
    let bad_text = Message::Frame(Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true));
    for (messages, code) in [
        (vec![Message::text(big)], 1009),
        (
            vec![part(&half, Data::Text, false), part(&half, Data::Continue, true)],
            1009,
        ),
        (vec![Message::binary(vec![1, 2, 3])], 1003),
        (vec![bad_text], 1007),
        (vec![part("orphan", Data::Continue, true)], 1002),
    ] {
        let mut client = stage.client("ann").await;
        for message in messages {
            client.socket.send(message).await.unwrap();
        }
        assert_eq!(client.closed().await, code);
        assert!(client.ended().await);
    }
}

#[tokio::test]
async fn raw_bytes_that_are_no_frames_end_only_their_own_socket() {
    let stage = stage().await;
    let mut listener = stage.listener("ann").await;
    let unmasked_text: &[u8] = b"\x81\x02hi";
    let reserved_bits: &[u8] = b"\xf1\x80\x00\x00\x00\x00";
    let long_ping: &[u8] = b"\x89\xfe\x00\x7e\x00\x00\x00\x00";
    let garbage: &[u8] = &[0x5a; 300];
    for bytes in [unmasked_text, reserved_bits, long_ping, garbage] {
        let mut client = stage.client("ann").await;
        let stream = client.socket.get_mut();
        stream.write_all(bytes).await.unwrap();
        if bytes == long_ping {
            stream.write_all(&[0; 126]).await.unwrap();
        }
        assert_eq!(client.closed().await, 1002, "{bytes:x?}");
        assert!(client.ended().await);
    }
    stage.happen(1).await;
    assert_eq!(listener.numbers(1).await, [1]);
}

#[tokio::test]
async fn a_socket_that_is_idle_is_small() {
    assert!(size_of::<Connection>() < 1024, "{}", size_of::<Connection>());
    assert!(
        size_of::<super::super::socket::Socket>() < 512,
        "{}",
        size_of::<super::super::socket::Socket>()
    );
}
