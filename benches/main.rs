//! Load and scale benchmarks: they start a release server on this machine, speak its public API and print what they
//! measured beside a bare handler and nginx + nchan in the same run.

mod bare;
mod client;
mod compare;
mod conflicts;
mod customers;
mod forecast;
mod http;
mod imports;
mod incentives;
mod leads;
mod live;
mod load;
mod machine;
mod payouts;
mod people;
mod plan;
mod process;
mod report;
mod server;
mod start;
mod submit;

use clap::{Parser, Subcommand};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

use crate::plan::{Places, Plan};
use crate::report::Report;
use crate::server::Launch;

/// What went wrong, in words.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Everything a scenario works with.
struct Bench {
    launch: Launch,
    plan: Plan,
    report: Report,
}

#[derive(Parser)]
#[command(about = "Measures a release server on this machine and prints tables", version)]
struct Arguments {
    /// What to measure; everything when left out.
    #[command(subcommand)]
    scenario: Option<Scenario>,
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    plan: Plan,
}

#[derive(Subcommand)]
enum Scenario {
    /// Every scenario below up to `start`.
    All,
    /// Deal list and deal read beside a bare handler.
    Http,
    /// Forecasts of a million deals.
    Forecast,
    /// Deal submit on a million deals and on few.
    Submit,
    /// The search for conflicts among a million live registrations.
    Conflicts,
    /// Ten thousand leads through fifty rules.
    Leads,
    /// A hundred thousand rows from CSV.
    Imports,
    /// Closed deals to earnings, and a million lines computed anew.
    Incentives,
    /// A batch of fifty thousand payouts to a bank's file.
    Payouts,
    /// The three live scenarios.
    Live,
    /// Commit to frame.
    Latency,
    /// One event to thousands of subscribers, beside nginx + nchan.
    Broadcast,
    /// Memory of idle sockets.
    Idle,
    /// Time to ready and idle memory.
    Start,
    /// nginx + nchan alone.
    Nchan {
        /// Length of a message.
        #[arg(long, default_value_t = 250)]
        bytes: usize,
    },
    /// Serves the bare handler; the http scenario runs it.
    Bare(bare::Settings),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.scenario.unwrap_or(Scenario::All) {
        Scenario::Bare(settings) => bare::serve(&settings).await,
        scenario => unless_stopped(scenario, arguments.places, arguments.plan).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("guildhall-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A signal drops the scenario, and with it the processes it started.
async fn unless_stopped(scenario: Scenario, places: Places, plan: Plan) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        outcome = measure(scenario, places, plan) => outcome,
        _ = terminate.recv() => Err("stopped by SIGTERM".into()),
        _ = interrupt.recv() => Err("stopped by SIGINT".into()),
    }
}

async fn measure(scenario: Scenario, places: Places, plan: Plan) -> Result<(), Failure> {
    machine::raise_open_files()?;
    let program = match places.server {
        Some(program) => program,
        None => std::env::current_exe()?.with_file_name("guildhall"),
    };
    let launch = Launch {
        program,
        data: std::path::absolute(places.data)?,
    };
    if !matches!(scenario, Scenario::Nchan { .. }) {
        launch.load("large").await?;
    }
    let mut bench = Bench {
        launch,
        plan,
        report: Report::new(),
    };
    let outcome = run(&mut bench, scenario).await;
    bench.report.print_summary();
    if let Some(path) = places.json {
        write_json(&bench.report, path)?;
    }
    outcome
}

async fn run(bench: &mut Bench, scenario: Scenario) -> Result<(), Failure> {
    use Scenario as S;
    let any = |of: &[S]| {
        of.iter()
            .any(|one| std::mem::discriminant(one) == std::mem::discriminant(&scenario))
    };
    if any(&[S::All, S::Http]) {
        http::run(bench).await?;
    }
    if any(&[S::All, S::Forecast]) {
        forecast::run(bench).await?;
    }
    if any(&[S::All, S::Submit]) {
        submit::run(bench).await?;
    }
    if any(&[S::All, S::Conflicts]) {
        conflicts::run(bench).await?;
    }
    if any(&[S::All, S::Leads]) {
        leads::run(bench).await?;
    }
    if any(&[S::All, S::Imports]) {
        imports::run(bench).await?;
    }
    if any(&[S::All, S::Incentives]) {
        incentives::run(bench).await?;
    }
    if any(&[S::All, S::Payouts]) {
        payouts::run(bench).await?;
    }
    if any(&[S::All, S::Live, S::Latency]) {
        live::latency::run(bench).await?;
    }
    if any(&[S::All, S::Live, S::Broadcast]) {
        live::broadcast::run(bench).await?;
    }
    if any(&[S::All, S::Live, S::Idle]) {
        live::idle::run(bench).await?;
    }
    if any(&[S::All, S::Start]) {
        start::run(bench).await?;
    }
    if let S::Nchan { bytes } = scenario {
        live::broadcast::nchan_alone(bench, bytes).await?;
    }
    Ok(())
}

fn write_json(report: &Report, path: PathBuf) -> Result<(), Failure> {
    fs::write(&path, report.to_json()?).map_err(|error| format!("writing {}: {error}", path.display()).into())
}
