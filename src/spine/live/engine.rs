//! The inbound half of RFC 6455, by tungstenite's protocol engine over memory.

use std::io::{self, Read, Write};

use tungstenite::{
    Error, Message,
    protocol::{Role, WebSocketConfig, WebSocketContext, frame::Utf8Bytes},
};

use super::close::Close;

/// Bytes that the engine reads at a time and keeps per socket; a longer frame grows its buffer.
const READ: usize = 256;
/// Longest message taken from a client in bytes: an access token with room to spare.
pub(super) const LONGEST_MESSAGE: usize = 16 * 1024;

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Inbound {
    /// A whole text message, put together from its fragments.
    Text(Utf8Bytes),
    /// A ping, already answered, or a pong.
    Control,
    /// The close handshake is complete, or the client began it and the answer is in the output.
    Closed,
}

/// Unmasks, joins fragments, checks UTF-8 and answers control frames. What it answers is left in the [`Input`].
#[derive(Debug)]
pub(super) struct Engine(WebSocketContext);

/// Bytes that came in, and the answers to control frames that have to go out.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub(super) received: &'a [u8],
    pub(super) answers: Vec<u8>,
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.received.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.received.read(buffer)
    }
}

impl Write for Input<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.answers.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Engine {
    pub(super) fn new() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ)
            .write_buffer_size(0)
            .max_message_size(Some(LONGEST_MESSAGE))
            .max_frame_size(Some(LONGEST_MESSAGE));
        Self(WebSocketContext::new(Role::Server, Some(config)))
    }

    /// The next thing that `input` holds; nothing when it is used up.
    ///
    /// # Errors
    /// The reason to close the socket with. The engine can't be used after that.
    pub(super) fn next(&mut self, input: &mut Input<'_>) -> Result<Option<Inbound>, Close> {
        match self.0.read(input) {
            Ok(Message::Text(text)) => Ok(Some(Inbound::Text(text))),
            Ok(Message::Binary(_)) => Err(Close::Binary),
            Ok(Message::Close(_)) => {
                // The answer, if one is due, is written by the next call, which says that all is done.
                let _ = self.0.flush(input);
                Ok(Some(Inbound::Closed))
            }
            Ok(_) => Ok(Some(Inbound::Control)),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(Error::ConnectionClosed | Error::AlreadyClosed) => Ok(Some(Inbound::Closed)),
            Err(Error::Utf8(_)) => Err(Close::NotUtf8),
            Err(Error::Capacity(_)) => Err(Close::TooBig),
            Err(_) => Err(Close::Protocol),
        }
    }
}
