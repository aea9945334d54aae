//! One HTTP/1.1 connection to a server on this machine, as light as a client can be.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;

use crate::Failure;

/// A connection that is opened again when it breaks.
pub(crate) struct Client {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    /// Connects; fails when nothing listens.
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, Failure> {
        Ok(Self {
            address,
            sender: open(address).await?,
        })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Failure> {
        if self.sender.ready().await.is_err() {
            self.sender = open(self.address).await?;
            self.sender.ready().await?;
        }
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    /// Sends a request and reads its JSON answer; a status other than 2xx is a failure that quotes the answer.
    pub(crate) async fn json<T: DeserializeOwned>(&mut self, request: Request<Full<Bytes>>) -> Result<T, Failure> {
        let what = format!("{} {}", request.method(), request.uri());
        let (status, body) = self.send(request).await?;
        if !status.is_success() {
            return Err(format!("{what} answered {status}: {}", String::from_utf8_lossy(&body)).into());
        }
        serde_json::from_slice(&body).map_err(|error| format!("the answer to {what}: {error}").into())
    }
}

async fn open(address: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Failure> {
    let stream = TcpStream::connect(address)
        .await
        .map_err(|error| format!("connecting to {address}: {error}"))?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // A broken connection shows itself at the next request.
    tokio::spawn(connection);
    Ok(sender)
}

/// A GET request, with a bearer token when there is one.
pub(crate) fn get(path: &str, token: Option<&str>) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::get(path).header(HOST, "localhost");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    Ok(request.body(Full::default())?)
}

/// A POST request of a JSON body; the idempotency key is sent when there is one.
pub(crate) fn post(
    path: &str,
    token: Option<&str>,
    key: Option<&str>,
    body: &Value,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::post(path)
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    Ok(request.body(Full::from(serde_json::to_vec(body)?))?)
}
