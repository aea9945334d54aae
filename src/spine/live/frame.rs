//! Server frames, encoded once and shared by every socket they go to.

use bytes::Bytes;
use serde::Serialize;
use tungstenite::protocol::frame::{
    CloseFrame, Frame as WireFrame, Utf8Bytes,
    coding::{CloseCode, Data, OpCode},
};

use super::close::Close;

/// A whole server frame as it goes over the wire: header and unmasked payload (RFC 6455 §5.2). Cloning it counts a
/// reference and copies nothing, so that one event costs one encoding however many sockets hear it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame(Bytes);

impl Frame {
    /// A text frame that carries `message` as JSON.
    ///
    /// # Errors
    /// When `message` doesn't serialise, which a map with keys that aren't strings doesn't.
    pub fn json(message: &impl Serialize) -> Result<Self, serde_json::Error> {
        serde_json::to_vec(message).map(|json| Self::encode(WireFrame::message(json, OpCode::Data(Data::Text), true)))
    }

    /// A text frame that carries `text` as it is.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::encode(WireFrame::message(text, OpCode::Data(Data::Text), true))
    }

    /// An empty ping, the heartbeat.
    #[must_use]
    pub fn ping() -> Self {
        Self::encode(WireFrame::ping(Bytes::new()))
    }

    /// The close frame for `close`, its reason included.
    #[must_use]
    pub fn close(close: Close) -> Self {
        let frame = CloseFrame {
            code: CloseCode::from(close.code()),
            reason: Utf8Bytes::from_static(close.reason()),
        };
        Self::encode(WireFrame::close(Some(frame)))
    }

    /// The encoded frame.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }

    /// Length on the wire in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Never true of a frame that was encoded here: the header alone is two bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn encode(frame: WireFrame) -> Self {
        let mut wire = Vec::with_capacity(frame.len());
        // Writing to memory doesn't fail.
        let _ = frame.format(&mut wire);
        Self(Bytes::from(wire))
    }
}
