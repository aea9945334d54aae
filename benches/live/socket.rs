//! The client end of a WebSocket, cut down to what thousands of receivers in one process can afford: no buffer
//! while nothing arrives, one read for a frame, no copy of a frame that arrives whole (RFC 6455).

use std::future::poll_fn;
use std::io::{self, Cursor};
use std::net::SocketAddr;
use std::pin::Pin;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use crate::Failure;

/// One read's worth; larger frames are put together from several.
const SCRATCH: usize = 2048;
/// The longest answer to a handshake.
const HEAD_LIMIT: usize = 8192;

/// An open WebSocket.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose end has not arrived.
    partial: Vec<u8>,
}

impl Socket {
    /// Connects and upgrades; a refusal quotes the server's answer.
    pub(crate) async fn open(address: SocketAddr, path: &str, token: Option<&str>) -> Result<Self, Failure> {
        let mut stream = TcpStream::connect(address)
            .await
            .map_err(|error| format!("connecting to {address}: {error}"))?;
        stream.set_nodelay(true)?;
        let key = generate_key();
        let bearer = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{bearer}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        let end = loop {
            if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if head.len() > HEAD_LIMIT || stream.read_buf(&mut head).await? == 0 {
                return Err(refusal(path, &head));
            }
        };
        let partial = head.split_off(end);
        let text = String::from_utf8_lossy(&head);
        if !text.starts_with("HTTP/1.1 101") || !text.contains(&derive_accept_key(key.as_bytes())) {
            return Err(refusal(path, &head));
        }
        Ok(Self { stream, partial })
    }

    /// Sends a text frame.
    pub(crate) async fn send(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.stream.write_all(&masked(0x81, text.as_bytes())?).await?)
    }

    /// Waits for data and hands every whole text frame in it over; answers pings. An end of the socket is an error
    /// that names the close code.
    pub(crate) async fn receive(&mut self, mut on_text: impl FnMut(&[u8])) -> Result<(), Failure> {
        let mut pongs = Vec::new();
        poll_fn(|context| {
            let mut space = [0; SCRATCH];
            let mut buffer = ReadBuf::new(&mut space);
            let read = Pin::new(&mut self.stream).poll_read(context, &mut buffer);
            read.map(|outcome| {
                outcome?;
                if buffer.filled().is_empty() {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
                }
                self.take(buffer.filled(), &mut on_text, &mut pongs)
            })
        })
        .await?;
        if !pongs.is_empty() {
            self.stream.write_all(&pongs).await?;
        }
        Ok(())
    }

    fn take(&mut self, data: &[u8], on_text: &mut impl FnMut(&[u8]), pongs: &mut Vec<u8>) -> io::Result<()> {
        if self.partial.is_empty() {
            let used = frames(data, on_text, pongs)?;
            self.partial.extend_from_slice(data.get(used..).unwrap_or_default());
        } else {
            self.partial.extend_from_slice(data);
            let used = frames(&self.partial, on_text, pongs)?;
            self.partial.drain(..used);
        }
        if self.partial.is_empty() && self.partial.capacity() > 0 {
            self.partial = Vec::new();
        }
        Ok(())
    }
}

/// Handles every whole frame and answers how many bytes they took.
fn frames(data: &[u8], on_text: &mut impl FnMut(&[u8]), pongs: &mut Vec<u8>) -> io::Result<usize> {
    let mut used = 0;
    while let Some(rest) = data.get(used..) {
        let mut cursor = Cursor::new(rest);
        let header = FrameHeader::parse(&mut cursor).map_err(io::Error::other)?;
        let Some((header, length)) = header else { break };
        let begin = usize::try_from(cursor.position()).map_err(io::Error::other)?;
        let end = begin.saturating_add(usize::try_from(length).map_err(io::Error::other)?);
        let Some(payload) = rest.get(begin..end) else {
            break;
        };
        match header.opcode {
            OpCode::Data(Data::Text) if header.is_final => on_text(payload),
            OpCode::Control(Control::Ping) => pongs.extend(masked(0x8A, payload).map_err(io::Error::other)?),
            OpCode::Control(Control::Pong) => {}
            OpCode::Control(Control::Close) => return Err(closed(payload)),
            other => return Err(io::Error::other(format!("unexpected {other} frame"))),
        }
        used += end;
    }
    Ok(used)
}

fn closed(payload: &[u8]) -> io::Error {
    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
    io::Error::other(format!("the server closed the socket with code {code}: {reason}"))
}

/// A client's frame. Its masking key is zero, which leaves the payload as it is.
fn masked(first: u8, payload: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut frame = vec![first];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ ..126), _) => frame.push(0x80 | short),
        (_, Ok(long)) => {
            frame.push(0x80 | 126);
            frame.extend(long.to_be_bytes());
        }
        _ => return Err("a frame of more than 64 KiB is not needed here".into()),
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    Ok(frame)
}

fn refusal(path: &str, head: &[u8]) -> Failure {
    format!(
        "the WebSocket upgrade of {path} was refused: {}",
        String::from_utf8_lossy(head)
    )
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(short @ ..126) => bytes.push(short),
            _ => {
                bytes.push(126);
                bytes.extend(u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
            }
        }
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn frames_cut_anywhere_arrive_whole_and_in_order() -> io::Result<()> {
        let long = vec![b'x'; 3000];
        let wire = [
            frame(1, b"one"),
            frame(9, b"are you there"),
            frame(1, &long),
            frame(1, b""),
        ]
        .concat();
        for step in 1..wire.len() {
            let (mut partial, mut texts, mut pongs) = (Vec::new(), Vec::new(), Vec::new());
            for piece in wire.chunks(step) {
                partial.extend_from_slice(piece);
                let used = frames(&partial, &mut |text: &[u8]| texts.push(text.to_vec()), &mut pongs)?;
                partial.drain(..used);
            }
            assert_eq!(
                texts,
                [b"one".to_vec(), long.clone(), Vec::new()],
                "cut every {step} bytes"
            );
            assert_eq!(
                pongs,
                [&[0x8A, 0x80 | 13, 0, 0, 0, 0], b"are you there".as_slice()].concat()
            );
            assert!(partial.is_empty());
        }
        Ok(())
    }

    #[test]
    fn a_close_names_its_code() {
        let wire = frame(8, &[&4008_u16.to_be_bytes(), b"slow consumer".as_slice()].concat());
        let error = frames(&wire, &mut |_: &[u8]| {}, &mut Vec::new()).map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("the server closed the socket with code 4008: slow consumer".to_owned())
        );
    }
}
