//! The command line.

mod config;
mod consumer;
mod demo;
mod docs;
mod doctor;
mod keys;
mod migrate;
mod openapi;
mod serve;
mod user;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{
    config::{Config, LogConfig, LogFormat, load},
    http::Problem,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::app::{Connected, Sharing, Start, StartFault};

/// The server on which technology vendors and their channel partners do business.
#[derive(Debug, Parser)]
#[command(name = "guildhall", version)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Command,
}

/// Where settings and data are.
#[derive(Clone, Debug, clap::Args)]
pub struct Place {
    /// The settings file [default: guildhall.toml, when it exists]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder
    #[arg(long, global = true, default_value = "./data", value_name = "FOLDER")]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::Args),
    /// Bring the database's schema up to date
    Migrate,
    /// Load demo data into an empty database
    Demo(demo::Args),
    /// Print the OpenAPI document
    Openapi,
    /// Write the reference pages and the AsyncAPI document
    Docs(docs::Args),
    /// Check database, Redis, storage, mail and keys
    Doctor(doctor::Args),
    /// Manage users
    #[command(subcommand)]
    User(user::UserCommand),
    /// Look at the event log's consumers and replay them
    #[command(subcommand)]
    Consumer(consumer::ConsumerCommand),
    /// Rotate signing keys and secrets
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliFault {
    /// It could not start.
    #[error(transparent)]
    Start(#[from] StartFault),
    /// The server's own logic refused.
    #[error("{}", .0.detail())]
    Refused(#[from] Problem),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// A file could not be written or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Anything else, said in full.
    #[error("{0}")]
    Other(String),
    /// Said already; only the exit code is left.
    #[error("")]
    Told,
}

impl Place {
    /// The settings.
    fn settings(&self) -> Result<Config, CliFault> {
        let file = self.config.clone().unwrap_or_else(|| PathBuf::from("guildhall.toml"));
        Ok(load(&file, self.config.is_some()).map_err(StartFault::from)?)
    }

    /// What a command starts with.
    fn start(&self) -> Result<Start, CliFault> {
        let config = self.settings()?;
        Ok(Start {
            config,
            data: self.data.clone(),
            clock: Clock::system(),
            entropy: Entropy::system(),
        })
    }

    /// Connects to the server's database, migrated.
    async fn connect(&self) -> Result<Connected, CliFault> {
        Ok(Connected::open(self.start()?, Sharing::Beside).await?)
    }
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("guildhall: the runtime can't start: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Two TLS providers could be linked in by features; the first installed is the one used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(CliFault::Told) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("guildhall: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), CliFault> {
    match cli.command {
        Command::Serve(args) => serve::run(&cli.place, args).await,
        Command::Migrate => migrate::run(&cli.place).await,
        Command::Demo(args) => demo::run(&cli.place, args).await,
        Command::Openapi => openapi::run(),
        Command::Docs(args) => docs::run(&args),
        Command::Doctor(args) => doctor::run(&cli.place, args).await,
        Command::User(command) => user::run(&cli.place, command).await,
        Command::Consumer(command) => consumer::run(&cli.place, command).await,
        Command::Keys(command) => keys::run(&cli.place, command).await,
        Command::Config(command) => config::run(&cli.place, command),
    }
}

/// Sends the log to standard error.
fn start_log(config: &LogConfig) -> Result<(), CliFault> {
    let filter =
        EnvFilter::try_new(&config.filter).map_err(|error| CliFault::Other(format!("setting log.filter: {error}")))?;
    let layers = tracing_subscriber::registry().with(filter);
    let done = match config.format {
        LogFormat::Text => layers.with(fmt::layer().with_writer(std::io::stderr)).try_init(),
        LogFormat::Json => layers.with(fmt::layer().json().with_writer(std::io::stderr)).try_init(),
    };
    done.map_err(|error| CliFault::Other(error.to_string()))
}
