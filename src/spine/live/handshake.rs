//! The opening handshake (RFC 6455 §4.2), and the hand-over of the connection.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
    header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
    request::Parts,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use tokio::net::TcpStream;

use super::{
    Hub, Place, Viewer,
    connection::Connection,
    engine::LONGEST_MESSAGE,
    protocol::{Hello, ServerFrame},
    socket::Socket,
};

/// RFC 6455 §1.3.
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Why a request does not open a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeFault {
    /// It doesn't ask for one.
    #[error("this address speaks WebSocket: send a GET with Upgrade: websocket and Connection: Upgrade over HTTP/1.1")]
    NotAnUpgrade,
    /// It asks for another version of the protocol.
    #[error("only WebSocket version 13 is spoken here: send Sec-WebSocket-Version: 13")]
    Version,
    /// Its key isn't one.
    #[error("Sec-WebSocket-Key must be 16 bytes in base64, once")]
    Key,
    /// Something between the client and the server doesn't let the connection be taken over.
    #[error("this connection can't be turned into a WebSocket")]
    NotUpgradable,
}

impl HandshakeFault {
    /// The HTTP status that says so.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NotAnUpgrade | Self::Version => StatusCode::UPGRADE_REQUIRED,
            Self::Key => StatusCode::BAD_REQUEST,
            Self::NotUpgradable => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotAnUpgrade => "upgrade_required",
            Self::Version => "websocket_version",
            Self::Key => "websocket_key",
            Self::NotUpgradable => "not_upgradable",
        }
    }

    /// Headers that a client needs to do better (RFC 6455 §4.4, RFC 9110 §15.5.22).
    #[must_use]
    pub fn headers(self) -> Vec<(HeaderName, HeaderValue)> {
        match self {
            Self::NotAnUpgrade | Self::Version => vec![
                (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
                (UPGRADE, HeaderValue::from_static("websocket")),
                (CONNECTION, HeaderValue::from_static("Upgrade")),
            ],
            Self::Key | Self::NotUpgradable => Vec::new(),
        }
    }
}

/// A request that may become a socket.
#[derive(Debug)]
pub struct Handshake {
    accept: HeaderValue,
    upgrade: OnUpgrade,
}

impl Handshake {
    /// Checks the request and takes its connection's hand-over.
    ///
    /// # Errors
    /// [`HandshakeFault`] when it doesn't open a socket.
    pub fn from_parts(parts: &mut Parts) -> Result<Self, HandshakeFault> {
        let accept = accept(&parts.method, parts.version, &parts.headers)?;
        let upgrade = parts
            .extensions
            .remove::<OnUpgrade>()
            .ok_or(HandshakeFault::NotUpgradable)?;
        Ok(Self { accept, upgrade })
    }

    /// Serves the socket for `viewer` once the response has gone out. Returns the response's headers; its status is
    /// 101 Switching Protocols.
    pub fn accept(self, place: Place, viewer: Viewer) -> [(HeaderName, HeaderValue); 3] {
        let upgrade = self.upgrade;
        tokio::spawn(async move {
            // A client that went away before the answer needs no more.
            if let Ok(upgraded) = upgrade.await {
                serve(place, viewer, upgraded);
            }
        });
        [
            (UPGRADE, HeaderValue::from_static("websocket")),
            (CONNECTION, HeaderValue::from_static("Upgrade")),
            (SEC_WEBSOCKET_ACCEPT, self.accept),
        ]
    }
}

fn serve(place: Place, viewer: Viewer, upgraded: Upgraded) {
    match upgraded.downcast::<TokioIo<TcpStream>>() {
        Ok(parts) => {
            let wire = parts.io.into_inner();
            // A copy: the buffer is the HTTP connection's, of many kilobytes, however little is left in it.
            tokio::spawn(open(place, viewer, wire, Bytes::copy_from_slice(&parts.read_buf)));
        }
        Err(_) => tracing::error!("a live connection is not a plain TCP stream and was dropped"),
    }
}

/// Says hello on a connection that speaks WebSocket from here on, and returns the task that serves it.
pub(super) fn open(place: Place, viewer: Viewer, wire: TcpStream, early: Bytes) -> Connection {
    // Without it a small frame may wait for an acknowledgement; the socket works either way.
    let _ = wire.set_nodelay(true);
    let hub = Arc::clone(&place.hub);
    let expires_at = viewer.expires_at;
    let socket: Arc<Socket> = hub.open(wire, viewer);
    socket.tell(&ServerFrame::Hello(Hello {
        connection_id: Hub::connection_id(&socket),
        heartbeat_seconds: hub.config.heartbeat_seconds,
        max_frame_bytes: LONGEST_MESSAGE,
        position: hub.position(),
        expires_at,
    }));
    Connection::new(place, socket, early)
}

fn accept(method: &Method, version: Version, headers: &HeaderMap) -> Result<HeaderValue, HandshakeFault> {
    let upgrades = method == Method::GET
        && version == Version::HTTP_11
        && has_token(headers, &UPGRADE, "websocket")
        && has_token(headers, &CONNECTION, "upgrade");
    if !upgrades {
        return Err(HandshakeFault::NotAnUpgrade);
    }
    if headers
        .get(SEC_WEBSOCKET_VERSION)
        .is_none_or(|version| version.as_bytes() != b"13")
    {
        return Err(HandshakeFault::Version);
    }
    let mut keys = headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(HandshakeFault::Key);
    };
    if STANDARD.decode(key.as_bytes()).map_or(0, |key| key.len()) != 16 {
        return Err(HandshakeFault::Key);
    }
    let hash = Sha1::new().chain_update(key.as_bytes()).chain_update(GUID).finalize();
    HeaderValue::from_str(&STANDARD.encode(hash)).map_err(|_| HandshakeFault::Key)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|one| one.trim().eq_ignore_ascii_case(token))
}
