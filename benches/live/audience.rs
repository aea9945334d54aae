//! Many sockets, each with a task that reads it.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::socket::Socket;
use crate::Failure;
use crate::people::Person;

/// How many sockets connect at once.
const AT_ONCE: usize = 64;
/// One socket to open.
#[derive(Clone)]
pub(crate) struct Seat {
    /// The path to upgrade.
    pub(crate) path: &'static str,
    /// The bearer token, for a server that asks for one.
    pub(crate) token: Option<Arc<str>>,
    /// The topic that one with a token subscribes to.
    pub(crate) topic: &'static str,
}

impl Seat {
    /// A signed-in subscriber of deals.
    pub(crate) fn subscriber(person: &Person) -> Self {
        Self::of(person, "deals")
    }

    /// A signed-in subscriber of a topic of the server's live channel.
    pub(crate) fn of(person: &Person, topic: &'static str) -> Self {
        Self {
            path: "/api/v1/live",
            token: Some(Arc::clone(&person.token)),
            topic,
        }
    }
}

/// Open sockets; dropping them closes all.
pub(crate) struct Audience {
    readers: JoinSet<()>,
    broken: Arc<AtomicBool>,
}

impl Audience {
    /// Opens a socket for every seat, subscribes those that carry a token, and hands each text frame over with the
    /// number of its seat.
    pub(crate) async fn seat<F>(address: SocketAddr, seats: Vec<Seat>, on_frame: F) -> Result<Self, Failure>
    where
        F: Fn(usize, &[u8]) + Clone + Send + Sync + 'static,
    {
        let gate = Arc::new(Semaphore::new(AT_ONCE));
        let mut opening = JoinSet::new();
        for (number, seat) in seats.into_iter().enumerate() {
            let gate = Arc::clone(&gate);
            opening.spawn(async move {
                let _permit = gate.acquire().await?;
                Ok::<_, Failure>((number, open(address, &seat).await?))
            });
        }
        let broken = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        while let Some(opened) = opening.join_next().await {
            let (number, mut socket) = opened??;
            let (on_frame, broken) = (on_frame.clone(), Arc::clone(&broken));
            readers.spawn(async move {
                let ended = loop {
                    if let Err(error) = socket.receive(|text| on_frame(number, text)).await {
                        break error;
                    }
                };
                if !broken.swap(true, Ordering::SeqCst) {
                    eprintln!("socket {number} ended: {ended}");
                }
            });
        }
        Ok(Self { readers, broken })
    }

    /// How many sockets were opened.
    pub(crate) fn len(&self) -> usize {
        self.readers.len()
    }

    /// Fails when any socket has ended.
    pub(crate) fn intact(&self) -> Result<(), Failure> {
        if self.broken.load(Ordering::SeqCst) {
            return Err("a socket ended before the measurement did".into());
        }
        Ok(())
    }
}

/// Sockets that close with their audience are no news.
impl Drop for Audience {
    fn drop(&mut self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

async fn open(address: SocketAddr, seat: &Seat) -> Result<Socket, Failure> {
    let mut socket = Socket::open(address, seat.path, seat.token.as_deref()).await?;
    if seat.token.is_some() {
        let subscribe = json!({"type": "subscribe", "id": "1", "channel": "org", "topics": [seat.topic]});
        socket.send(&subscribe.to_string()).await?;
        let mut answer = None;
        while answer.is_none() {
            socket
                .receive(|frame| answer = answer.take().or_else(|| judged(frame)))
                .await?;
        }
        answer.unwrap_or(Ok(()))?;
    }
    Ok(socket)
}

/// Whether a frame answers the subscription, and how; the server greets before it does.
fn judged(frame: &[u8]) -> Option<Result<(), Failure>> {
    let told: Value = match serde_json::from_slice(frame) {
        Ok(told) => told,
        Err(error) => return Some(Err(format!("a frame is not JSON: {error}").into())),
    };
    match told.get("type").and_then(Value::as_str) {
        Some("subscribed") => Some(Ok(())),
        Some("error") => Some(Err(format!("subscribing was refused: {told}").into())),
        _ => None,
    }
}
