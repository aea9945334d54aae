//! The load generators: closed loop for what a server can do at most, open loop for how long its users wait.

use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::Full;
use hyper::Request;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::Failure;
use crate::client::Client;
use crate::report::{float, latencies, record};

/// Makes the n-th request of a run.
pub(crate) type Requests = Arc<dyn Fn(u64) -> Result<Request<Full<Bytes>>, Failure> + Send + Sync>;

/// What one run of load saw.
pub(crate) struct Measured {
    /// Answers with a status of 2xx.
    pub(crate) done: u64,
    /// Every other outcome.
    pub(crate) failed: u64,
    /// The first outcome that was not 2xx.
    pub(crate) complaint: Option<String>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// Microseconds from the moment a request was due to its whole answer.
    pub(crate) latency: Histogram<u64>,
}

impl Measured {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            done: 0,
            failed: 0,
            complaint: None,
            elapsed: Duration::ZERO,
            latency: latencies()?,
        })
    }

    /// Adds what another run, or another connection of the same run, saw.
    pub(crate) fn absorb(&mut self, other: Self) -> Result<(), Failure> {
        self.done += other.done;
        self.failed += other.failed;
        self.elapsed += other.elapsed;
        self.complaint = self.complaint.take().or(other.complaint);
        Ok(self.latency.add(&other.latency)?)
    }

    /// Successful requests per second.
    pub(crate) fn per_second(&self) -> f64 {
        float(self.done) / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    /// Refuses a run that measured failures: their speed says nothing.
    pub(crate) fn succeeded(self, what: &str) -> Result<Self, Failure> {
        if self.failed > 0 || self.done == 0 {
            let complaint = self.complaint.as_deref().unwrap_or("no request was made");
            return Err(format!(
                "{what}: {} of {} requests failed: {complaint}",
                self.failed,
                self.failed + self.done
            )
            .into());
        }
        Ok(self)
    }

    async fn request(&mut self, client: &mut Client, request: Request<Full<Bytes>>, due: Instant) {
        match client.send(request).await {
            Ok((status, _)) if status.is_success() => {
                self.done += 1;
                record(&mut self.latency, due.elapsed());
            }
            Ok((status, body)) => self.fail(format!("{status}: {}", String::from_utf8_lossy(&body))),
            Err(error) => self.fail(error.to_string()),
        }
    }

    fn fail(&mut self, complaint: String) {
        self.failed += 1;
        self.complaint.get_or_insert(complaint);
    }
}

/// Each connection sends its next request when it has the answer to the last, for the given time.
pub(crate) async fn closed(
    address: SocketAddr,
    connections: u32,
    time: Duration,
    requests: &Requests,
) -> Result<Measured, Failure> {
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(client_of(address));
    }
    let clients: Vec<Client> = collect(tasks).await?;
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (mut client, lane) in clients.into_iter().zip(0..) {
        let requests = Arc::clone(requests);
        tasks.spawn(async move {
            let mut measured = Measured::new()?;
            let mut number: u64 = lane;
            while start.elapsed() < time {
                let request = requests(number)?;
                measured.request(&mut client, request, Instant::now()).await;
                number += u64::from(connections);
            }
            Ok(measured)
        });
    }
    sum(tasks, start).await
}

/// Requests fall due at a fixed rate, whatever the server does; a late one is counted as late.
pub(crate) async fn open(
    address: SocketAddr,
    connections: u32,
    rate: u32,
    time: Duration,
    requests: &Requests,
) -> Result<Measured, Failure> {
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        tasks.spawn(client_of(address));
    }
    let clients: Vec<Client> = collect(tasks).await?;
    let start = Instant::now();
    let due = Arc::new(Mutex::new(pace(rate, time, start)));
    let mut tasks = JoinSet::new();
    for mut client in clients {
        let (requests, due) = (Arc::clone(requests), Arc::clone(&due));
        tasks.spawn(async move {
            let mut measured = Measured::new()?;
            loop {
                let next = due.lock().await.recv().await;
                let Some((number, instant)) = next else {
                    return Ok(measured);
                };
                let request = requests(number)?;
                measured.request(&mut client, request, instant).await;
            }
        });
    }
    sum(tasks, start).await
}

/// Tells each request's number and the instant it is due, at that instant. A thread of its own, because the
/// runtime's timer rounds to a millisecond; it ends when nobody listens any more.
pub(crate) fn pace(rate: u32, time: Duration, start: Instant) -> mpsc::UnboundedReceiver<(u64, Instant)> {
    let (tell, told) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let gap = Duration::from_secs(1) / rate.max(1);
        let mut due = start;
        let mut number = 0;
        while due.duration_since(start) < time {
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            if tell.send((number, due)).is_err() {
                return;
            }
            number += 1;
            due += gap;
        }
    });
    told
}

async fn client_of(address: SocketAddr) -> Result<Client, Failure> {
    Client::connect(address).await
}

async fn collect<T: 'static>(mut tasks: JoinSet<Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut results = Vec::new();
    while let Some(result) = tasks.join_next().await {
        results.push(result??);
    }
    Ok(results)
}

async fn sum(mut tasks: JoinSet<Result<Measured, Failure>>, start: Instant) -> Result<Measured, Failure> {
    let mut total = Measured::new()?;
    while let Some(measured) = tasks.join_next().await {
        total.absorb(measured??)?;
    }
    total.elapsed = start.elapsed();
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::get;
    use axum::Router;
    use axum::extract::{Path, State};
    use axum::http::StatusCode;
    use std::collections::HashSet;
    use tokio::net::TcpListener;

    type Seen = Arc<Mutex<HashSet<u64>>>;

    /// Refuses the number 3 where `picky` says so, and remembers the others.
    async fn server(picky: bool) -> Result<(SocketAddr, Seen), Failure> {
        let seen = Seen::default();
        let handler = async move |State(seen): State<Seen>, Path(number): Path<u64>| match number {
            3 if picky => StatusCode::CONFLICT,
            _ => {
                seen.lock().await.insert(number);
                StatusCode::OK
            }
        };
        let router = Router::new()
            .route("/{number}", axum::routing::get(handler))
            .with_state(Arc::clone(&seen));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok((address, seen))
    }

    fn numbered() -> Requests {
        Arc::new(|number| get(&format!("/{number}"), None))
    }

    #[tokio::test]
    async fn an_open_loop_sends_each_due_request_once() -> Result<(), Failure> {
        let (address, seen) = server(false).await?;
        let measured = open(address, 4, 1000, Duration::from_millis(200), &numbered()).await?;
        let measured = measured.succeeded("counting")?;
        assert_eq!((measured.done, measured.latency.len()), (200, 200));
        assert_eq!(*seen.lock().await, (0..200).collect());
        Ok(())
    }

    #[tokio::test]
    async fn a_closed_loop_asks_for_nothing_twice() -> Result<(), Failure> {
        let (address, seen) = server(false).await?;
        let measured = closed(address, 3, Duration::from_millis(50), &numbered()).await?;
        assert!(measured.done >= 3);
        assert_eq!(u64::try_from(seen.lock().await.len())?, measured.done);
        Ok(())
    }

    #[tokio::test]
    async fn a_run_with_a_failure_is_refused_and_says_why() -> Result<(), Failure> {
        let (address, _) = server(true).await?;
        let measured = open(address, 2, 100, Duration::from_millis(100), &numbered()).await?;
        assert_eq!((measured.done, measured.failed), (9, 1));
        let refusal = measured.succeeded("counting").err().map(|error| error.to_string());
        assert_eq!(
            refusal.as_deref(),
            Some("counting: 1 of 10 requests failed: 409 Conflict: ")
        );
        Ok(())
    }
}
