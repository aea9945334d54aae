//! What an integrator runs: a server that takes messages, or doesn't.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::http::{HeaderMap, Request, Response};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpListener, sync::Notify};

use crate::support::until;

/// A message as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Received {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// How the next request is answered.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Status(u16),
    With(u16, &'static str, String),
    /// Not before it is let go.
    Never,
}

#[derive(Default)]
struct State {
    received: Mutex<Vec<Received>>,
    planned: Mutex<VecDeque<Answer>>,
    standing: Mutex<Option<Answer>>,
    connections: AtomicUsize,
    let_go: Notify,
}

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    state: Arc<State>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checked by the specification's own library.
    pub(super) fn is_signed_with(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.verify(&self.body, &self.headers).is_ok()
    }
}

impl Receiver {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let state = Arc::clone(&receiver.state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                state.connections.fetch_add(1, Ordering::SeqCst);
                let state = Arc::clone(&state);
                let service = service_fn(move |request| answer(Arc::clone(&state), request));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        receiver
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers the next requests like this, and those after them with 200.
    pub(super) fn plan(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.planned.lock().unwrap().extend(answers);
    }

    /// Answers everything like this from now on.
    pub(super) fn always(&self, answer: Answer) {
        *self.state.standing.lock().unwrap() = Some(answer);
    }

    pub(super) fn let_go(&self) {
        self.state.let_go.notify_waiters();
    }

    pub(super) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub(super) fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// Waits until as many messages have come.
    pub(super) async fn messages(&self, count: usize) -> Vec<Received> {
        until("the messages arrive", async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> hyper::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let planned = state.planned.lock().unwrap().pop_front();
    let answer = planned.or_else(|| state.standing.lock().unwrap().clone());
    let held = state.let_go.notified();
    state.received.lock().unwrap().push(Received {
        headers: parts.headers,
        body,
    });
    let response = Response::builder();
    let built = match answer.unwrap_or(Answer::Status(200)) {
        Answer::Status(status) => response.status(status).body(Full::from("noted")),
        Answer::With(status, header, value) => response.status(status).header(header, value).body(Full::default()),
        Answer::Never => {
            held.await;
            response.status(200).body(Full::default())
        }
    };
    Ok(built.unwrap())
}
