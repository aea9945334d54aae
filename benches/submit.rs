//! Deal submit with its conflict check, on a million deals and on a small database beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::Bench;
use crate::Failure;
use crate::client::post;
use crate::customers::Customers;
use crate::load::{self, Measured, Requests};
use crate::people::{Person, representatives};
use crate::plan::seconds;
use crate::process;
use crate::report::{Report, Table, Target, micros_each, quantile_ms};
use crate::server::{Launch, Server};

/// Representatives who register deals.
const REPRESENTATIVES: u32 = 20;
/// Connections that share the submits.
const LANES: u32 = 64;
/// Submits before a measurement.
const WARM_UP: Duration = Duration::from_secs(2);

struct Database {
    name: String,
    server: Server,
    requests: Requests,
    measured: Option<Measured>,
    own: Duration,
    postgres: Duration,
}

/// Runs the scenario: the two databases take turns, so that what else the machine does falls on both.
pub(crate) async fn run(bench: &mut Bench) -> Result<(), Failure> {
    let small = SmallData::load(&bench.launch, bench.plan.small_deals).await?;
    let mut databases = [
        Database::open("large", &bench.launch).await?,
        Database::open(&format!("{} deals", bench.plan.small_deals), &small.launch).await?,
    ];
    for database in &mut databases {
        load::open(
            database.server.address(),
            LANES,
            bench.plan.submit_rate,
            WARM_UP,
            &database.requests,
        )
        .await?
        .succeeded("submitting a deal")?;
    }
    for _ in 0..2 {
        for database in &mut databases {
            database
                .submit(bench.plan.submit_rate, seconds(bench.plan.submit_seconds) / 2)
                .await?;
        }
    }
    tell(&mut bench.report, &databases, bench.plan.submit_rate)
}

fn tell(report: &mut Report, databases: &[Database], rate: u32) -> Result<(), Failure> {
    let mut table = Table::new(
        format!("Deal submits at {}/s, open loop", rate),
        &[
            "database",
            "submits",
            "p50 ms",
            "p99 ms",
            "p99.9 ms",
            "CPU µs/op",
            "PostgreSQL µs/op",
        ],
    );
    let mut quantiles = Vec::new();
    for database in databases {
        let measured = database.measured.as_ref().ok_or("no submit was measured")?;
        let ms = |quantile| quantile_ms(&measured.latency, quantile);
        quantiles.push((ms(0.5), ms(0.99)));
        table.row([
            database.name.clone(),
            measured.done.to_string(),
            format!("{:.2}", ms(0.5)),
            format!("{:.2}", ms(0.99)),
            format!("{:.2}", ms(0.999)),
            format!("{:.0}", micros_each(database.own, measured.done)),
            format!("{:.0}", micros_each(database.postgres, measured.done)),
        ]);
    }
    report.table(table);
    if let [(large_median, large_tail), (small_median, _)] = quantiles.as_slice() {
        report.bounded("deal submit on large, p99", *large_tail, "ms", Target::AtMost(25.0));
        let ratio = large_median / small_median;
        report.bounded(
            "deal submit, median on large to median on small",
            ratio,
            "times",
            Target::AtMost(1.5),
        );
    }
    Ok(())
}

impl Database {
    async fn open(name: &str, launch: &Launch) -> Result<Self, Failure> {
        let server = launch.start().await?;
        let people = representatives(server.address(), REPRESENTATIVES, None).await?;
        Ok(Self {
            name: name.to_owned(),
            requests: submits(people)?,
            server,
            measured: None,
            own: Duration::ZERO,
            postgres: Duration::ZERO,
        })
    }

    async fn submit(&mut self, rate: u32, time: Duration) -> Result<(), Failure> {
        let postgres = self.server.postgres();
        let spent = || -> Result<(Duration, Duration), Failure> {
            let postgres = postgres.map_or(Ok(Duration::ZERO), process::cpu_tree)?;
            Ok((process::cpu(self.server.pid())?, postgres))
        };
        let before = spent()?;
        let measured = load::open(self.server.address(), LANES, rate, time, &self.requests)
            .await?
            .succeeded("submitting a deal")?;
        let after = spent()?;
        self.own += after.0.saturating_sub(before.0);
        self.postgres += after.1.saturating_sub(before.1);
        match &mut self.measured {
            Some(sum) => sum.absorb(measured),
            None => {
                self.measured = Some(measured);
                Ok(())
            }
        }
    }
}

/// Each request registers a new customer; the representatives take turns.
pub(crate) fn submits(people: Vec<Person>) -> Result<Requests, Failure> {
    let customers = Customers::new();
    let count = u64::try_from(people.len())?.max(1);
    let next = std::sync::atomic::AtomicU64::new(0);
    Ok(Arc::new(move |_| {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let person = people
            .get(usize::try_from(number % count)?)
            .ok_or("nobody is signed in")?;
        let body = customers.deal(number, &person.vendor);
        post(
            "/api/v1/deals",
            Some(&person.token),
            Some(&customers.key(number)),
            &body,
        )
    }))
}

/// A data folder with few deals, made anew for each run and removed after it.
struct SmallData {
    launch: Launch,
}

impl SmallData {
    async fn load(large: &Launch, deals: u32) -> Result<Self, Failure> {
        let mut data = large.data.clone();
        data.as_mut_os_string().push("-small");
        let small = Self {
            launch: Launch {
                program: large.program.clone(),
                data,
            },
        };
        small.remove()?;
        small
            .launch
            .demo(&["--scale", "large", "--deals", &deals.to_string()])
            .await?;
        Ok(small)
    }

    fn remove(&self) -> Result<(), Failure> {
        let data = &self.launch.data;
        if let Some(home) = cluster_elsewhere(data) {
            fs::remove_dir_all(home)?;
        }
        match fs::remove_dir_all(data) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("removing {}: {error}", data.display()).into())
            }
            _ => Ok(()),
        }
    }
}

impl Drop for SmallData {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            eprintln!("{error}");
        }
    }
}

/// The folder a cluster was put into because its user cannot reach the data folder; it names the data folder it is of.
fn cluster_elsewhere(data: &Path) -> Option<PathBuf> {
    let home = fs::read_link(data.join("postgres")).ok()?.parent()?.to_owned();
    let owner = fs::read_to_string(home.join("data-folder")).ok()?;
    (fs::canonicalize(owner).ok()? == fs::canonicalize(data).ok()?).then_some(home)
}
