//! WebSocket as a client has it.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

use super::Caller;

/// Longer than any frame takes; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// A live connection.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens `/api/v1/live` with the caller's token and takes the greeting.
    pub(crate) async fn open(caller: &Caller) -> Self {
        let (mut socket, _) = Self::try_open(caller.address, "/api/v1/live", caller.token.as_deref())
            .await
            .unwrap();
        let hello = socket.next().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        socket
    }

    /// Opens `path`, or returns the status of the refusal.
    pub(crate) async fn try_open(address: SocketAddr, path: &str, token: Option<&str>) -> Result<(Self, u16), u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        if let Some(token) = token {
            request
                .headers_mut()
                .insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, response)) => Ok((Self(socket), response.status().as_u16())),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub(crate) async fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next JSON frame.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("no frame came");
            match message.expect("the socket ended").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next event frame; other frames are passed over.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == "event" {
                return frame;
            }
        }
    }

    /// Subscribes to the organisation's deals, from `since` or from now on, and returns the answer.
    pub(crate) async fn subscribe(&mut self, since: Option<&str>) -> Value {
        let mut frame = json!({"type": "subscribe", "id": "s", "channel": "org", "topics": ["deals"]});
        if let Some(since) = since {
            frame["since"] = since.into();
        }
        self.send(&frame).await;
        let answer = self.next().await;
        assert_eq!(answer["type"], "subscribed", "{answer}");
        answer
    }

    /// Reads until the server closes, and returns the code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next())
                .await
                .expect("the socket was not closed");
            match message {
                Some(Ok(Message::Close(frame))) => return frame.map_or(1005, |frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return 1006,
            }
        }
    }
}
