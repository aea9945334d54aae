//! The one task of a socket: reads what the client sends and finishes what others could not write.
//!
//! Written as a plain future, because its size is paid for by every idle socket: no read buffer is held between
//! messages, there is no timer, and what needs the database lives in a box only as long as it runs.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{
    Close, Hub, Place,
    engine::{Engine, Inbound, Input},
    limiter::Limiter,
    parse::parse,
    protocol::{ClientFrame, Refused, ServerFrame},
    socket::{Drained, Request, Socket},
    work,
};

/// Messages a second that a client may send in the long run, and at once.
const PER_SECOND: u64 = 20;
const BURST: u64 = 60;
/// Bytes that cost as much as one message.
const MESSAGE_BYTES: usize = 4096;
/// Malformed messages after which a socket is closed.
const MOST_BAD: u32 = 20;
const READ: usize = 4096;

type Work = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(super) struct Connection {
    place: Place,
    socket: Arc<Socket>,
    engine: Engine,
    limiter: Limiter,
    bad: u32,
    /// What the client sent is thrown away: it broke the protocol.
    deaf: bool,
    /// What came right behind the handshake.
    early: Bytes,
    work: Option<Work>,
}

impl Connection {
    pub(super) fn new(place: Place, socket: Arc<Socket>, early: Bytes) -> Self {
        let (engine, limiter) = (Engine::new(), Limiter::new(PER_SECOND, BURST));
        let mut connection = Self {
            place,
            socket,
            engine,
            limiter,
            bad: 0,
            deaf: false,
            early,
            work: None,
        };
        connection.check_access();
        connection
    }

    /// Asks again whether the socket may be, when access ended while it was opened. The socket is known to the hub by
    /// now, so what ends from here on ends it.
    fn check_access(&mut self) {
        let hub = self.hub();
        let ended = hub.recent.lock().concerns(&self.socket.state().viewer, hub.seconds());
        if ended {
            self.socket.request(Request::Renew);
            self.begin_work();
        }
    }

    fn begin_work(&mut self) {
        if self.work.is_none() {
            self.work = Some(Box::pin(work::run(Arc::clone(self.hub()), Arc::clone(&self.socket))));
        }
    }

    fn hub(&self) -> &Arc<Hub> {
        &self.place.hub
    }

    /// Reads until nothing is left; false when the connection is over.
    fn receive(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.early.is_empty() {
            let early = std::mem::take(&mut self.early);
            self.take(&early);
        }
        while let Poll::Ready(ready) = self.socket.wire.poll_read_ready(cx) {
            let mut buffer = [0; READ];
            match ready.and_then(|()| self.socket.wire.try_read(&mut buffer)) {
                Ok(0) => return false,
                Ok(length) => {
                    self.socket.deadlines.heard(self.hub().seconds());
                    self.take(buffer.get(..length).unwrap_or_default());
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn take(&mut self, received: &[u8]) {
        if self.deaf || !self.spend(received.len() / MESSAGE_BYTES) {
            return;
        }
        let mut input = Input {
            received,
            answers: Vec::new(),
        };
        while !self.deaf {
            let next = self.engine.next(&mut input);
            let last = matches!(next, Ok(Some(Inbound::Closed)));
            if last || !input.answers.is_empty() {
                self.socket.answer(std::mem::take(&mut input.answers), last);
            }
            match next {
                Ok(None) => return,
                Ok(Some(Inbound::Closed)) => self.deaf = true,
                Ok(Some(Inbound::Control)) => {
                    self.spend(1);
                }
                Ok(Some(Inbound::Text(text))) => {
                    if self.spend(1) {
                        self.message(&text);
                    }
                }
                Err(close) => self.fail(close),
            }
        }
    }

    /// Charges the client; false, and the socket closes, when it sends too fast.
    fn spend(&mut self, messages: usize) -> bool {
        let messages = u64::try_from(messages).unwrap_or(u64::MAX);
        let within = messages == 0 || self.limiter.take(messages, self.hub().millis());
        if !within {
            self.fail(Close::TooManyFrames);
        }
        within
    }

    fn fail(&mut self, close: Close) {
        self.socket.close(close);
        self.deaf = true;
    }

    fn message(&mut self, text: &str) {
        if !self.socket.is_open() {
            return;
        }
        let request = match parse(text) {
            Ok(ClientFrame::Ping(ping)) => {
                self.socket.tell(&ServerFrame::Pong(ping));
                return;
            }
            Ok(ClientFrame::Subscribe(subscribe)) => Request::Subscribe(subscribe),
            Ok(ClientFrame::Unsubscribe(unsubscribe)) => Request::Unsubscribe(unsubscribe.id),
            Ok(ClientFrame::Authenticate(token)) => Request::Authenticate(token),
            Err(refused) => return self.refuse(refused),
        };
        if !self.socket.request(request) {
            let detail = "too many requests of this socket are waiting: send the next one after an answer".to_owned();
            self.refuse(Refused {
                id: None,
                code: "too_many_waiting",
                detail,
                pointer: None,
            });
        } else {
            self.begin_work();
        }
    }

    fn refuse(&mut self, refused: Refused) {
        self.socket.tell(&ServerFrame::Error(refused));
        self.bad += 1;
        if self.bad > MOST_BAD {
            self.fail(Close::TooManyFrames);
        }
    }

    fn work(&mut self, cx: &mut Context<'_>) {
        if let Some(work) = &mut self.work
            && work.as_mut().poll(cx).is_ready()
        {
            self.work = None;
        }
    }

    /// Writes what waits; false when the connection is over.
    fn flush(&self, cx: &mut Context<'_>) -> bool {
        while self.socket.needs_flush() {
            match self.socket.flush() {
                Drained::Over => return false,
                Drained::Empty => break,
                Drained::Blocked => match self.socket.wire.poll_write_ready(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return false,
                    Poll::Pending => return true,
                },
            }
        }
        if self.deaf {
            self.socket.half_close();
        }
        true
    }
}

impl Future for Connection {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.socket.waker.register(cx.waker());
        let mut go_on = true;
        while go_on {
            if !this.receive(cx) {
                return Poll::Ready(());
            }
            this.work(cx);
            if !this.flush(cx) {
                return Poll::Ready(());
            }
            // Work that waits for room has no waker of its own: it goes on when a flush has made some.
            go_on = this.work.is_some() && this.socket.take_room();
        }
        Poll::Pending
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.hub().forget(&self.socket);
        self.socket.hang_up();
    }
}
