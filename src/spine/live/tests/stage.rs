//! A hub behind a real HTTP server, a log in memory, and clients.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{SinkExt, StreamExt};
use guildhall_kernel::{Clock, Entropy};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message},
};
use uuid::Uuid;

use crate::{
    access::Permissions,
    config::LiveConfig,
    event::{Position, Topic},
    live::{
        Denied, Frame, Gate, Handshake, History, Hub, HubParts, Interest, PastEvent, TopicSet, Unreadable, Viewer,
        protocol::Unrecovered,
    },
};

pub(super) const ORG: Uuid = Uuid::from_u128(1);
pub(super) const OTHER_ORG: Uuid = Uuid::from_u128(2);
pub(super) const DEAL: Uuid = Uuid::from_u128(0xdea1);

pub(super) fn position(number: i64) -> Position {
    Position {
        tx: number,
        seq: number,
    }
}

/// The log, and the people who may hear it: what the rest of the server gives the hub.
#[derive(Default)]
pub(super) struct World {
    log: Mutex<Vec<PastEvent>>,
    people: Mutex<HashMap<String, Viewer>>,
    ended: Mutex<Vec<Option<Uuid>>>,
    pub(super) expired_before: Mutex<i64>,
}

#[async_trait]
impl Gate for World {
    async fn authenticate(&self, token: &str) -> Result<Viewer, Denied> {
        let denied = Denied {
            code: "invalid_token",
            detail: "the token is not valid".to_owned(),
        };
        self.people.lock().get(token).cloned().ok_or(denied)
    }

    async fn renew(&self, viewer: &Viewer, _: DateTime<Utc>) -> Result<Option<Viewer>, Denied> {
        Ok((!self.ended.lock().contains(&viewer.session)).then(|| viewer.clone()))
    }

    async fn subject(&self, viewer: &Viewer, kind: &str, id: &str) -> Result<Uuid, Denied> {
        let denied = Denied {
            code: "not_found",
            detail: "no such thing".to_owned(),
        };
        let known = kind == "deal" && id == "deal_1" && viewer.organisation == Some(ORG);
        known.then_some(DEAL).ok_or(denied)
    }
}

#[async_trait]
impl History for World {
    async fn gap(&self, _: Interest<'_>, since: Position) -> Result<Option<Unrecovered>, Unreadable> {
        let last = self.log.lock().last().map_or(Position::START, |event| event.position);
        Ok(if since > last {
            Some(Unrecovered::UnknownPosition)
        } else {
            (since.tx < *self.expired_before.lock()).then_some(Unrecovered::Expired)
        })
    }

    async fn page(
        &self,
        interest: Interest<'_>,
        after: Position,
        until: Option<Position>,
        limit: usize,
    ) -> Result<Vec<PastEvent>, Unreadable> {
        // A database answers later, when others have had their turn.
        tokio::task::yield_now().await;
        let heard = |event: &&PastEvent| {
            event.position > after
                && until.is_none_or(|until| event.position <= until)
                && event
                    .audiences
                    .iter()
                    .any(|audience| interest.audiences.contains(audience))
        };
        Ok(self.log.lock().iter().filter(heard).take(limit).cloned().collect())
    }
}

pub(super) struct Stage {
    pub(super) hub: Arc<Hub>,
    pub(super) world: Arc<World>,
    pub(super) clock: Clock,
    pub(super) address: SocketAddr,
}

pub(super) fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::with(LiveConfig::default()).await
    }

    pub(super) async fn with(config: LiveConfig) -> Self {
        let (world, clock) = (Arc::new(World::default()), Clock::manual(start()));
        let (gate, history): (Arc<dyn Gate>, Arc<dyn History>) = (world.clone(), world.clone());
        let hub = Hub::new(HubParts {
            config,
            clock: clock.clone(),
            entropy: Entropy::seeded(7),
            gate,
            history,
            position: Position::START,
        });
        let socket = TcpSocket::new_v4().unwrap();
        // Small, so that a client that doesn't read is felt after little.
        socket.set_send_buffer_size(16 * 1024).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1024).unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Arc::clone(&hub), Arc::clone(&world)));
        Self {
            hub,
            world,
            clock,
            address,
        }
    }

    /// Lets `token` stand for a user of `org` from here on.
    pub(super) fn person(&self, token: &str, user: u128, org: Uuid) -> Viewer {
        let viewer = Viewer {
            owner: Uuid::from_u128(user),
            user: Some(Uuid::from_u128(user)),
            organisation: Some(org),
            session: Some(Uuid::from_u128(user + 1000)),
            topics: [Topic::Deals, Topic::Partnerships].into_iter().collect(),
            permissions: Permissions::default(),
            expires_at: Some(self.clock.now() + TimeDelta::minutes(10)),
        };
        self.world.people.lock().insert(token.to_owned(), viewer.clone());
        viewer
    }

    /// Ends a person's session, though the token is still believed.
    pub(super) fn end_session(&self, token: &str) {
        let session = self.world.people.lock()[token].session;
        self.world.ended.lock().push(session);
    }

    pub(super) fn grant(&self, token: &str, viewer: Viewer) {
        self.world.people.lock().insert(token.to_owned(), viewer);
    }

    /// A person's socket, subscribed to their organisation.
    pub(super) async fn listener(&self, token: &str) -> Client {
        let mut client = self.client(token).await;
        client
            .send(json!({"type": "subscribe", "id": "all", "channel": "org"}))
            .await;
        assert_eq!(client.next().await["type"], "subscribed");
        client
    }

    /// A person's socket after `hello`.
    pub(super) async fn client(&self, token: &str) -> Client {
        let (mut client, hello) = self.connect(token, None).await;
        client.hello = hello;
        client
    }

    /// A person's socket whose system keeps little of what isn't read.
    pub(super) async fn sluggard(&self, token: &str) -> Client {
        self.connect(token, Some(4096)).await.0
    }

    async fn connect(&self, token: &str, receive_buffer: Option<u32>) -> (Client, Value) {
        let stream = self.stream(receive_buffer).await;
        let request = format!("ws://{}/{token}", self.address);
        let (socket, _) = client_async(request, stream).await.unwrap();
        let mut client = Client {
            socket,
            hello: Value::Null,
        };
        let hello = client.next().await;
        assert_eq!(hello["type"], "hello");
        (client, hello)
    }

    pub(super) async fn stream(&self, receive_buffer: Option<u32>) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        socket.connect(self.address).await.unwrap()
    }

    /// Commits an event of [`ORG`] and publishes it.
    pub(super) async fn happen(&self, number: i64) -> usize {
        self.commit(number, &[ORG], Topic::Deals, "");
        self.publish(number).await
    }

    /// Writes an event into the log.
    pub(super) fn commit(&self, number: i64, audiences: &[Uuid], topic: Topic, padding: &str) {
        let frame = Frame::json(&json!({
            "type": "event", "position": position(number), "number": number, "padding": padding,
        }));
        self.world.log.lock().push(PastEvent {
            position: position(number),
            audiences: audiences.to_vec(),
            topics: TopicSet::from(topic),
            subject: (number % 2 == 0).then_some(DEAL),
            frame: frame.unwrap(),
        });
    }

    pub(super) fn past(&self, number: i64) -> PastEvent {
        let found = self
            .world
            .log
            .lock()
            .iter()
            .find(|event| event.position == position(number))
            .cloned();
        found.unwrap()
    }

    /// Publishes what was committed with this number.
    pub(super) async fn publish(&self, number: i64) -> usize {
        self.hub.publish(&self.past(number).as_live()).await
    }
}

async fn serve(listener: TcpListener, hub: Arc<Hub>, world: Arc<World>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (hub, world) = (Arc::clone(&hub), Arc::clone(&world));
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Arc::clone(&hub), Arc::clone(&world)));
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .with_upgrades()
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    hub: Arc<Hub>,
    world: Arc<World>,
) -> Result<Response<Full<Bytes>>, http::Error> {
    let (mut parts, _) = request.into_parts();
    let refuse = |status: StatusCode| Response::builder().status(status).body(Full::default());
    let handshake = match Handshake::from_parts(&mut parts) {
        Ok(handshake) => handshake,
        Err(fault) => {
            let mut answer = refuse(fault.status())?;
            answer.headers_mut().extend(fault.headers());
            return Ok(answer);
        }
    };
    let Ok(viewer) = world.authenticate(parts.uri.path().trim_start_matches('/')).await else {
        return refuse(StatusCode::UNAUTHORIZED);
    };
    let Ok(place) = hub.admit(viewer.owner) else {
        return refuse(StatusCode::TOO_MANY_REQUESTS);
    };
    let mut answer = refuse(StatusCode::SWITCHING_PROTOCOLS)?;
    answer.headers_mut().extend(handshake.accept(place, viewer));
    Ok(answer)
}

pub(super) struct Client {
    pub(super) socket: WebSocketStream<TcpStream>,
    pub(super) hello: Value,
}

/// Longer than anything takes; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

impl Client {
    async fn receive(&mut self) -> Option<Result<Message, tungstenite::Error>> {
        tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("nothing came")
    }

    pub(super) async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next JSON message.
    pub(super) async fn next(&mut self) -> Value {
        loop {
            match self.receive().await.expect("the socket ended").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// The numbers of the next `count` events.
    pub(super) async fn numbers(&mut self, count: usize) -> Vec<i64> {
        let mut numbers = Vec::with_capacity(count);
        while numbers.len() < count {
            let message = self.next().await;
            assert_eq!(message["type"], "event", "{message}");
            numbers.push(message["number"].as_i64().unwrap());
        }
        numbers
    }

    /// The number of the next event; nothing when the socket is closed.
    pub(super) async fn number(&mut self) -> Option<i64> {
        loop {
            match self.receive().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    return Some(message["number"].as_i64().unwrap());
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The code that the server closes with, whatever comes before it.
    pub(super) async fn closed(&mut self) -> u16 {
        loop {
            match self.receive().await {
                Some(Ok(Message::Close(Some(close)))) => return close.code.into(),
                Some(Ok(Message::Close(None))) | None => panic!("closed without a code"),
                Some(Ok(_)) => {}
                Some(Err(error)) => panic!("expected a close frame, got {error}"),
            }
        }
    }

    /// Everything until the server ends the connection.
    pub(super) async fn ended(&mut self) -> bool {
        loop {
            match self.receive().await {
                None | Some(Err(_)) => return true,
                Some(Ok(_)) => {}
            }
        }
    }
}
