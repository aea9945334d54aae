//! From a write to the frames it causes, with thousands of other sockets held.

use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::task::JoinSet;

use super::audience::{Audience, Seat};
use crate::Bench;
use crate::Failure;
use crate::client::Client;
use crate::load::{Requests, pace};
use crate::people::representatives;
use crate::plan::seconds;
use crate::report::{Report, Table, Target, float, latencies, quantile_ms, record};
use crate::submit::submits;

/// Connections that share the writes.
const LANES: u32 = 16;
/// How long the last frames may take.
const SETTLE: Duration = Duration::from_secs(3);

/// A frame that reached a socket: the socket's number, the deal that it is about, and when.
type Arrival = (usize, String, Instant);

/// A write whose answer has an id.
pub(crate) struct Write {
    /// When it was to begin.
    pub(crate) due: Instant,
    answered: Instant,
}

/// Runs the scenario.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let plan = bench.plan.clone();
    let server = bench.launch.start().await?;
    let people = representatives(server.address(), plan.live_partners, None).await?;
    let seats: Vec<Seat> = people
        .iter()
        .flat_map(|person| (0..plan.live_reach).map(|_| Seat::subscriber(person)))
        .collect();
    let (tell, arrivals) = mpsc::unbounded_channel();
    let audience = Audience::seat(server.address(), seats, move |socket, frame| {
        let now = Instant::now();
        if let Some(subject) = subject(frame) {
            // Nobody listens any more once the run is over.
            let _ = tell.send((socket, subject, now));
        }
    })
    .await?;
    let writes = write(
        server.address(),
        plan.live_rate,
        seconds(plan.live_seconds),
        &submits(people)?,
    )
    .await?;
    tokio::time::sleep(SETTLE).await;
    audience.intact()?;
    let sockets = audience.len();
    drop(audience);
    let mut outcome = Outcome::new()?;
    outcome.gather(&writes, arrivals).await;
    let title = format!(
        "Commit to frame: {sockets} sockets, {} events/s, {} sockets each",
        plan.live_rate, plan.live_reach
    );
    let expected = u64::try_from(writes.len())?.saturating_mul(plan.live_reach.into());
    outcome.tell(&mut bench.report, title, expected)
}

struct Outcome {
    from_answer: hdrhistogram::Histogram<u64>,
    from_due: hdrhistogram::Histogram<u64>,
    heard: HashSet<(usize, String)>,
    twice: u64,
}

impl Outcome {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            from_answer: latencies()?,
            from_due: latencies()?,
            heard: HashSet::new(),
            twice: 0,
        })
    }

    /// A frame may overtake the answer to its own write: that counts as no time at all.
    async fn gather(&mut self, writes: &HashMap<String, Write>, mut arrivals: UnboundedReceiver<Arrival>) {
        while let Some((socket, deal, at)) = arrivals.recv().await {
            let Some(write) = writes.get(&deal) else { continue };
            if self.heard.insert((socket, deal)) {
                record(&mut self.from_answer, at.saturating_duration_since(write.answered));
                record(&mut self.from_due, at.saturating_duration_since(write.due));
            } else {
                self.twice += 1;
            }
        }
    }

    fn tell(&self, report: &mut Report, title: String, expected: u64) -> Result<(), Failure> {
        let columns = ["from", "frames", "expected", "p50 ms", "p99 ms", "p99.9 ms", "max ms"];
        let mut table = Table::new(title, &columns);
        for (from, histogram) in [
            ("the answer to the write", &self.from_answer),
            ("the moment the write was due", &self.from_due),
        ] {
            let ms = |quantile| format!("{:.2}", quantile_ms(histogram, quantile));
            table.row([
                from.to_owned(),
                histogram.len().to_string(),
                expected.to_string(),
                ms(0.5),
                ms(0.99),
                ms(0.999),
                ms(1.0),
            ]);
        }
        report.table(table);
        let wrong = expected.abs_diff(u64::try_from(self.heard.len())?) + self.twice;
        report.bounded("frames missing or twice", float(wrong), "frames", Target::AtMost(0.0));
        report.figure("write due to frame, p99", quantile_ms(&self.from_due, 0.99), "ms");
        let tail = quantile_ms(&self.from_answer, 0.99);
        report.bounded("commit to frame, p99", tail, "ms", Target::AtMost(25.0));
        Ok(())
    }
}

/// The deal a frame says was submitted.
fn subject(frame: &[u8]) -> Option<String> {
    let event: Value = serde_json::from_slice(frame).ok()?;
    if event.get("kind")?.as_str()? != "deal.submitted" {
        return None;
    }
    Some(event.get("subject")?.as_str()?.to_owned())
}

/// Writes at a fixed rate and answers when each was due and when its answer came, by the id that was answered.
pub(crate) async fn write(
    address: std::net::SocketAddr,
    rate: u32,
    time: Duration,
    requests: &Requests,
) -> Result<HashMap<String, Write>, Failure> {
    let mut clients = Vec::new();
    for _ in 0..LANES {
        clients.push(Client::connect(address).await?);
    }
    let due = Arc::new(tokio::sync::Mutex::new(pace(rate, time, Instant::now())));
    let mut lanes = JoinSet::new();
    for mut client in clients {
        let (requests, due) = (Arc::clone(requests), Arc::clone(&due));
        lanes.spawn(async move {
            let mut writes = Vec::new();
            loop {
                let next = due.lock().await.recv().await;
                let Some((number, due)) = next else {
                    return Ok::<_, Failure>(writes);
                };
                let deal: Value = client.json(requests(number)?).await?;
                let answered = Instant::now();
                let id = deal
                    .get("id")
                    .and_then(Value::as_str)
                    .ok_or("a submitted deal has no id")?;
                writes.push((id.to_owned(), Write { due, answered }));
            }
        });
    }
    let mut all = HashMap::new();
    while let Some(writes) = lanes.join_next().await {
        all.extend(writes??);
    }
    Ok(all)
}
