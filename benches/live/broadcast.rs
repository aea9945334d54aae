//! One event to thousands of subscribers from one core: what a delivery costs, beside nginx + nchan.

use bytes::Bytes;
use serde::de::IgnoredAny;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::audience::{Audience, Seat};
use super::cores::Cores;
use super::nchan::{Nchan, SUBSCRIBE};
use super::tally::Tally;
use crate::client::Client;
use crate::load::Requests;
use crate::people::{MANAGER, sign_in};
use crate::plan::Plan;
use crate::report::{Table, Target, float, latencies, micros_each, quantile_ms, record, spread};
use crate::server::{Launch, Server};
use crate::submit::submits;
use crate::{Bench, Failure, process};

/// Who registers the deals that the subscribers hear of.
const WRITER: &str = "rep@partner1.example";
/// Events before the first round.
const WARM_UP: u32 = 5;
/// What tells the events that are waited for from other frames: a deal that happens to conflict with another one causes
/// a second event.
const EVENT: &[u8] = b"\"kind\":\"deal.submitted\"";
/// How long one event may take to reach everybody.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one round of events cost.
struct Round {
    /// Frames that arrived.
    deliveries: u64,
    /// CPU time of the server's own process, in microseconds for each delivery, the write included.
    micros_each: f64,
    /// Deliveries per second while an event was on its way: from the moment it was sent to its last arrival.
    per_second: f64,
    /// The median time from an event's sending to its last arrival, in milliseconds.
    median_ms: f64,
}

/// Sends `events` events one after another, each when everybody has the one before.
async fn round(
    events: u32,
    subscribers: usize,
    tally: &Tally,
    cpu: impl Fn() -> Result<Duration, Failure>,
    mut send: impl AsyncFnMut(u32) -> Result<(), Failure>,
) -> Result<Round, Failure> {
    let subscribers = u64::try_from(subscribers)?;
    let (before, delivered) = (cpu()?, tally.delivered());
    let mut busy = Duration::ZERO;
    let mut took = latencies()?;
    for number in 0..events {
        tally.expect(subscribers);
        let sent = Instant::now();
        let (answered, complete) = tokio::join!(send(number), tally.complete(PATIENCE));
        answered?;
        let time = complete?.duration_since(sent);
        busy += time;
        record(&mut took, time);
    }
    let deliveries = tally.delivered() - delivered;
    Ok(Round {
        deliveries,
        micros_each: micros_each(cpu()?.saturating_sub(before), deliveries),
        per_second: float(deliveries) / busy.as_secs_f64().max(f64::EPSILON),
        median_ms: quantile_ms(&took, 0.5),
    })
}

/// One of the two servers with its subscribers connected. The sockets close before the server ends.
enum Side {
    Guildhall {
        audience: Audience,
        tally: Arc<Tally>,
        client: Client,
        requests: Requests,
        server: Server,
    },
    Nchan {
        audience: Audience,
        tally: Arc<Tally>,
        client: Client,
        bytes: usize,
        server: Nchan,
    },
}

impl Side {
    async fn guildhall(launch: &Launch, cores: &Cores, subscribers: usize) -> Result<Self, Failure> {
        let server = launch.start_on(Some((&cores.server, &cores.others))).await?;
        let mut client = Client::connect(server.address()).await?;
        let manager = sign_in(&mut client, MANAGER).await?;
        let mut writer = sign_in(&mut client, WRITER).await?;
        writer.vendor = manager.vendor.clone();
        let seats = vec![Seat::subscriber(&manager); subscribers];
        let (audience, tally) = counting(server.address(), seats, is_event).await?;
        Ok(Self::Guildhall {
            audience,
            tally,
            client,
            requests: submits(vec![writer])?,
            server,
        })
    }

    async fn nchan(cores: &Cores, subscribers: usize, bytes: usize) -> Result<Self, Failure> {
        let server = Nchan::start(Some(&cores.server)).await?;
        let seat = Seat {
            path: SUBSCRIBE,
            token: None,
            topic: "",
        };
        let (audience, tally) = counting(server.address(), vec![seat; subscribers], |_| true).await?;
        let client = Client::connect(server.address()).await?;
        Ok(Self::Nchan {
            audience,
            tally,
            client,
            bytes,
            server,
        })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Guildhall { .. } => "guildhall",
            Self::Nchan { .. } => "nginx + nchan",
        }
    }

    /// The mean length of a frame so far.
    fn frame_bytes(&self) -> u64 {
        match self {
            Self::Guildhall { tally, .. } | Self::Nchan { tally, .. } => tally.mean_bytes(),
        }
    }

    async fn round(&mut self, events: u32) -> Result<Round, Failure> {
        let (audience, round) = match self {
            Self::Guildhall {
                audience,
                tally,
                client,
                requests,
                server,
            } => {
                let pid = server.pid();
                let send = async |number| {
                    client
                        .json::<IgnoredAny>(requests(u64::from(number))?)
                        .await
                        .map(|_| ())
                };
                let round = round(events, audience.len(), tally, || process::cpu(pid), send).await?;
                (audience, round)
            }
            Self::Nchan {
                audience,
                tally,
                client,
                bytes,
                server,
            } => {
                let message = Bytes::from(vec![b'x'; *bytes]);
                let pid = server.pid();
                let send = async |_| Nchan::publish(client, message.clone()).await;
                let round = round(events, audience.len(), tally, || process::cpu_tree(pid), send).await?;
                (audience, round)
            }
        };
        audience.intact()?;
        Ok(round)
    }
}

/// Both servers in turn, every round on the same core.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let plan = bench.plan.clone();
    let cores = Cores::divide()?;
    let mut ours = Side::guildhall(&bench.launch, &cores, plan.subscribers).await?;
    ours.round(WARM_UP).await?;
    let bytes = usize::try_from(ours.frame_bytes())?;
    let mut sides = vec![ours];
    match Nchan::available() {
        Ok(_) => {
            let mut nchan = Side::nchan(&cores, plan.subscribers, bytes).await?;
            nchan.round(WARM_UP).await?;
            sides.push(nchan);
        }
        Err(missing) => bench
            .report
            .note(format!("the broadcast has nothing to be compared with: {missing}")),
    }
    let costs = rounds(bench, &mut sides, &plan).await?;
    if let [ours, theirs] = costs.as_slice() {
        let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
        let (median, lowest, highest) = spread(&ratios);
        bench
            .report
            .figure("broadcast, CPU of a delivery", spread(ours).0, "µs");
        bench
            .report
            .figure("broadcast, CPU of a delivery, nginx + nchan", spread(theirs).0, "µs");
        bench
            .report
            .figure("broadcast, lowest round's ratio to nchan", lowest, "times");
        bench
            .report
            .figure("broadcast, highest round's ratio to nchan", highest, "times");
        let name = "broadcast, CPU of a delivery to nchan's, median of rounds";
        bench.report.bounded(name, median, "times", Target::AtMost(1.0));
    }
    Ok(())
}

/// nchan alone, to know the comparison's other half.
pub(crate) async fn nchan_alone(bench: &mut Bench, bytes: usize) -> Result<(), Failure> {
    let plan = bench.plan.clone();
    let cores = Cores::divide()?;
    let mut nchan = Side::nchan(&cores, plan.subscribers, bytes).await?;
    nchan.round(WARM_UP).await?;
    rounds(bench, &mut [nchan], &plan).await?;
    Ok(())
}

/// Runs the rounds and answers the CPU time of a delivery, in microseconds, for each side and round.
async fn rounds(bench: &mut Bench, sides: &mut [Side], plan: &Plan) -> Result<Vec<Vec<f64>>, Failure> {
    let mut table = Table::new(
        format!("Broadcast to {} subscribers, each server on one core", plan.subscribers),
        &[
            "server",
            "round",
            "deliveries",
            "frame bytes",
            "CPU µs/delivery",
            "deliveries/s",
            "last arrival p50 ms",
        ],
    );
    let mut costs = vec![Vec::new(); sides.len()];
    for number in 1..=plan.broadcast_rounds.max(1) {
        for (side, costs) in sides.iter_mut().zip(&mut costs) {
            let round = side.round(plan.broadcast_events).await?;
            costs.push(round.micros_each);
            table.row([
                side.name().to_owned(),
                number.to_string(),
                round.deliveries.to_string(),
                side.frame_bytes().to_string(),
                format!("{:.2}", round.micros_each),
                format!("{:.0}", round.per_second),
                format!("{:.1}", round.median_ms),
            ]);
        }
    }
    bench.report.table(table);
    Ok(costs)
}

fn is_event(frame: &[u8]) -> bool {
    frame.windows(EVENT.len()).any(|window| window == EVENT)
}

/// Seats an audience that counts every frame, and waits for those that `expected` says yes to.
async fn counting(
    address: SocketAddr,
    seats: Vec<Seat>,
    expected: fn(&[u8]) -> bool,
) -> Result<(Audience, Arc<Tally>), Failure> {
    let tally = Arc::new(Tally::default());
    let counted = Arc::clone(&tally);
    let audience = Audience::seat(address, seats, move |_, text| counted.count(text.len(), expected(text))).await?;
    Ok((audience, tally))
}
