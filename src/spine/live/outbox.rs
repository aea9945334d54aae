//! What one socket still has to send.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, IoSlice},
};

use bytes::{Buf, Bytes};
use tokio::net::TcpStream;

/// Frames that one system call writes at most.
const BATCH: usize = 16;
/// Room that an empty queue may keep; what a burst grew beyond it is given back.
const SPARE: usize = 8;

/// A byte stream that is written without waiting.
pub(super) trait Wire {
    /// Writes what fits now and says how much that was; `WouldBlock` when nothing fits.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
    /// The same for several buffers in a row.
    fn write_many(&self, parts: &[IoSlice<'_>]) -> io::Result<usize>;
}

impl Wire for TcpStream {
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.try_write(bytes)
    }

    fn write_many(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.try_write_vectored(parts)
    }
}

/// How much one socket may leave unsent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) frames: usize,
    pub(super) bytes: usize,
}

/// What became of a frame that was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    /// All of it went to the kernel.
    Sent,
    /// It waits behind what is unsent; the socket's task has to be woken.
    Queued,
    /// It didn't fit: the peer reads too slowly. Nothing was taken.
    Full,
    /// The connection is broken.
    Broken,
}

/// How far [`Outbox::flush`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flushed {
    /// Nothing is left.
    Empty,
    /// The kernel takes no more now.
    Blocked,
    /// The connection is broken.
    Broken,
}

/// Frames that the kernel hasn't taken yet, the first of them perhaps in part. Empty almost always: a frame goes
/// straight to the kernel and is queued only when that has no room.
#[derive(Debug)]
pub(super) struct Outbox {
    queue: VecDeque<Bytes>,
    bytes: usize,
    /// Whether part of the first frame was sent, so that it has to be finished before anything else.
    begun: bool,
    bounds: Bounds,
}

impl Outbox {
    pub(super) const fn new(bounds: Bounds) -> Self {
        Self {
            queue: VecDeque::new(),
            bytes: 0,
            begun: false,
            bounds,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether less than half of the bounds is used: a sender that can wait goes on below that.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() * 2 < self.bounds.frames && self.bytes * 2 < self.bounds.bytes
    }

    /// Sends `frame` after all that is unsent.
    pub(super) fn push(&mut self, wire: &impl Wire, frame: Bytes) -> Pushed {
        if !self.queue.is_empty() {
            return self.enqueue(frame);
        }
        match wire.write(&frame) {
            Ok(sent) if sent == frame.len() => Pushed::Sent,
            Ok(0) => Pushed::Broken,
            Ok(sent) => {
                self.begun = true;
                self.keep(frame.slice(sent..));
                Pushed::Queued
            }
            Err(error) if again(&error) => self.enqueue(frame),
            Err(_) => Pushed::Broken,
        }
    }

    /// Drops what is unsent but the rest of a frame that was begun, and sends `last` after it.
    pub(super) fn replace(&mut self, wire: &impl Wire, last: Bytes) -> Pushed {
        self.queue.truncate(usize::from(self.begun));
        self.bytes = self.queue.iter().map(Bytes::len).sum();
        match self.push(wire, last.clone()) {
            Pushed::Full => {
                self.keep(last);
                Pushed::Queued
            }
            pushed => pushed,
        }
    }

    /// Writes until nothing is left or the kernel takes no more.
    pub(super) fn flush(&mut self, wire: &impl Wire) -> Flushed {
        while !self.queue.is_empty() {
            let mut parts = [IoSlice::new(&[]); BATCH];
            for (part, frame) in parts.iter_mut().zip(&self.queue) {
                *part = IoSlice::new(frame);
            }
            let filled = self.queue.len().min(BATCH);
            match wire.write_many(parts.get(..filled).unwrap_or_default()) {
                Ok(0) => return Flushed::Broken,
                Ok(sent) => self.advance(sent),
                Err(error) if again(&error) => return Flushed::Blocked,
                Err(_) => return Flushed::Broken,
            }
        }
        if self.queue.capacity() > SPARE {
            self.queue = VecDeque::new();
        }
        Flushed::Empty
    }

    fn advance(&mut self, mut sent: usize) {
        self.bytes = self.bytes.saturating_sub(sent);
        while let Some(first) = self.queue.front_mut() {
            if sent < first.len() {
                first.advance(sent);
                self.begun |= sent > 0;
                return;
            }
            sent -= first.len();
            self.queue.pop_front();
            self.begun = false;
        }
    }

    fn enqueue(&mut self, frame: Bytes) -> Pushed {
        let fits = self.queue.len() < self.bounds.frames && self.bytes + frame.len() <= self.bounds.bytes;
        // A frame larger than the bound still goes out when nothing waits before it.
        if fits || self.queue.is_empty() {
            self.keep(frame);
            Pushed::Queued
        } else {
            Pushed::Full
        }
    }

    fn keep(&mut self, frame: Bytes) {
        self.bytes += frame.len();
        self.queue.push_back(frame);
    }
}

fn again(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
