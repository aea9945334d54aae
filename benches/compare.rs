//! The server and the bare handler beside it: requests per second, latency and CPU of both in one run.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Failure;
use crate::load::{self, Measured, Requests};
use crate::plan::{Plan, seconds};
use crate::process;
use crate::report::{Report, Table, Target, micros_each, quantile_ms, spread};

/// Time before a measurement in which caches fill and connections open.
const WARM_UP: Duration = Duration::from_secs(1);
/// How many connections the closed loops keep busy.
const CONNECTIONS: [u32; 2] = [16, 64];
/// How many connections share an open loop's requests.
const LANES: u32 = 64;

/// One of the two programs.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process id.
    pub(crate) pid: u32,
}

/// One thing both do.
pub(crate) struct Operation {
    /// Its name in the tables.
    pub(crate) name: &'static str,
    /// The figure its ratio becomes.
    pub(crate) figure: &'static str,
    /// How the server is asked.
    pub(crate) server: Requests,
    /// How the bare handler is asked.
    pub(crate) bare: Requests,
    /// Requests per second in the open loop.
    pub(crate) rate: u32,
}

/// The two programs on one database.
pub(crate) struct Pair {
    /// The server.
    pub(crate) server: Side,
    /// The bare handler.
    pub(crate) bare: Side,
    /// The postmaster's process id, when the cluster is the server's own.
    pub(crate) postgres: Option<u32>,
}

struct Cost {
    measured: Measured,
    own: Duration,
    postgres: Duration,
}

impl Cost {
    fn cells(&self, operation: &str, side: &str, load: String) -> [String; 9] {
        let done = self.measured.done;
        let ms = |quantile| format!("{:.2}", quantile_ms(&self.measured.latency, quantile));
        [
            operation.to_owned(),
            side.to_owned(),
            load,
            format!("{:.0}", self.measured.per_second()),
            ms(0.5),
            ms(0.99),
            ms(0.999),
            format!("{:.0}", micros_each(self.own, done)),
            format!("{:.0}", micros_each(self.postgres, done)),
        ]
    }
}

fn costs(title: &str, load: &'static str) -> Table {
    Table::new(
        title,
        &[
            "operation",
            "side",
            load,
            "requests/s",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "CPU µs/op",
            "PostgreSQL µs/op",
        ],
    )
}

impl Pair {
    /// Rounds of both sides in turn, as fast as they go; their ratio is taken round by round.
    pub(crate) async fn closed(
        &self,
        report: &mut Report,
        plan: &Plan,
        operations: &[Operation],
    ) -> Result<(), Failure> {
        let mut table = costs("Requests per second, closed loop (all rounds together)", "connections");
        let mut ratios = Table::new(
            "Server against bare handler: above 1 the server does more, or the same for less",
            &[
                "operation",
                "connections",
                "requests/s, median",
                "lowest",
                "highest",
                "CPU with PostgreSQL",
            ],
        );
        for operation in operations {
            let mut worst = f64::INFINITY;
            for connections in CONNECTIONS {
                let (server, bare, rounds) = self.rounds(operation, connections, plan).await?;
                table.row(server.cells(operation.name, self.server.name, connections.to_string()));
                table.row(bare.cells(operation.name, self.bare.name, connections.to_string()));
                let (median, lowest, highest) = spread(&rounds);
                worst = worst.min(median);
                ratios.row([
                    operation.name.to_owned(),
                    connections.to_string(),
                    format!("{median:.2}"),
                    format!("{lowest:.2}"),
                    format!("{highest:.2}"),
                    format!("{:.2}", bare.all_each() / server.all_each()),
                ]);
            }
            report.bounded(
                operation.figure,
                worst,
                "of the bare handler's requests/s",
                Target::AtLeast(0.7),
            );
        }
        report.table(table);
        report.table(ratios);
        Ok(())
    }

    /// A fixed rate, one side after the other.
    pub(crate) async fn open(&self, report: &mut Report, plan: &Plan, operations: &[Operation]) -> Result<(), Failure> {
        let mut table = costs(
            "Latency at a fixed rate, open loop, from the moment a request was due",
            "due/s",
        );
        let time = seconds(plan.http_seconds) * 2;
        for operation in operations {
            for (side, requests) in [(self.server, &operation.server), (self.bare, &operation.bare)] {
                let cost = self
                    .cost(side, async || {
                        load::open(side.address, LANES, operation.rate, time, requests).await
                    })
                    .await?;
                table.row(cost.cells(operation.name, side.name, operation.rate.to_string()));
            }
        }
        report.table(table);
        Ok(())
    }

    async fn rounds(
        &self,
        operation: &Operation,
        connections: u32,
        plan: &Plan,
    ) -> Result<(Cost, Cost, Vec<f64>), Failure> {
        let time = seconds(plan.http_seconds);
        let run = async |side: Side, requests: &Requests, time| {
            self.cost(side, async || {
                load::closed(side.address, connections, time, requests).await
            })
            .await
        };
        run(self.server, &operation.server, WARM_UP).await?;
        run(self.bare, &operation.bare, WARM_UP).await?;
        let mut ratios = Vec::new();
        let mut sums: Option<(Cost, Cost)> = None;
        for _ in 0..plan.http_rounds.max(1) {
            let server = run(self.server, &operation.server, time).await?;
            let bare = run(self.bare, &operation.bare, time).await?;
            ratios.push(server.measured.per_second() / bare.measured.per_second());
            match &mut sums {
                None => sums = Some((server, bare)),
                Some((servers, bares)) => {
                    servers.absorb(server)?;
                    bares.absorb(bare)?;
                }
            }
        }
        let (server, bare) = sums.ok_or("no round was run")?;
        Ok((server, bare, ratios))
    }

    async fn cost(&self, side: Side, load: impl AsyncFnOnce() -> Result<Measured, Failure>) -> Result<Cost, Failure> {
        let postgres = || self.postgres.map_or(Ok(Duration::ZERO), process::cpu_tree);
        let (own, shared) = (process::cpu(side.pid)?, postgres()?);
        let measured = load().await?.succeeded(side.name)?;
        Ok(Cost {
            measured,
            own: process::cpu(side.pid)?.saturating_sub(own),
            postgres: postgres()?.saturating_sub(shared),
        })
    }
}

impl Cost {
    /// CPU time of an operation in microseconds, PostgreSQL's share included. It wavers less than requests per second.
    fn all_each(&self) -> f64 {
        micros_each(self.own + self.postgres, self.measured.done)
    }

    fn absorb(&mut self, other: Self) -> Result<(), Failure> {
        self.own += other.own;
        self.postgres += other.postgres;
        self.measured.absorb(other.measured)
    }
}
