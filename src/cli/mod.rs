//! The command line.

mod config;
mod consumer;
mod demo;
mod docs;
mod doctor;
mod keys;
mod migrate;
mod openapi;
mod rates;
mod say;
mod serve;
mod user;

use std::{
    io::{IsTerminal, stderr},
    net::SocketAddr,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{
    config::{Config, LogConfig, LogFormat, load},
    http::Problem,
};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use say::say;

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
    /// Import everyone's exchange rates
    Rates(rates::Args),
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
    /// Nobody reads what it prints any more.
    #[error("")]
    Unheard,
}

impl Place {
    /// The settings, with an address to listen on instead of theirs.
    fn settings(&self, listen: Option<SocketAddr>) -> Result<Config, CliFault> {
        let file = self.config.clone().unwrap_or_else(|| PathBuf::from("guildhall.toml"));
        Ok(load(&file, self.config.is_some(), listen).map_err(StartFault::from)?)
    }

    /// What a command starts with.
    fn start(&self, listen: Option<SocketAddr>) -> Result<Start, CliFault> {
        let config = self.settings(listen)?;
        Ok(Start {
            config,
            data: self.data.clone(),
            clock: Clock::system(),
            entropy: Entropy::system(),
        })
    }

    /// Connects to the server's database, migrated. A data folder that holds none is a mistake.
    async fn connect(&self) -> Result<Connected, CliFault> {
        let start = self.start(None)?;
        if start.config.database.url.is_none() && !self.has_cluster() {
            return Err(CliFault::Other(format!(
                "no Guildhall data in {}: name the server's data folder with --data, or its database with DATABASE_URL; \
                 a new one is made by `guildhall serve`",
                self.data.display()
            )));
        }
        Ok(Connected::open(start, Sharing::Beside).await?)
    }

    /// The same, making what is missing.
    async fn connect_or_make(&self) -> Result<Connected, CliFault> {
        Ok(Connected::open(self.start(None)?, Sharing::Beside).await?)
    }

    /// Whether the data folder holds a private cluster.
    fn has_cluster(&self) -> bool {
        self.data.join("postgres").symlink_metadata().is_ok()
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
        Err(CliFault::Unheard) => ExitCode::SUCCESS,
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
        Command::Rates(args) => rates::run(&cli.place, args).await,
        Command::Keys(command) => keys::run(&cli.place, command).await,
        Command::Config(command) => config::run(&cli.place, command),
    }
}

/// Sends the log to standard error.
fn start_log(config: &LogConfig) -> Result<(), CliFault> {
    let filter =
        EnvFilter::try_new(&config.filter).map_err(|error| CliFault::Other(format!("setting log.filter: {error}")))?;
    let layers = tracing_subscriber::registry().with(filter);
    // https://no-color.org: set to anything but nothing, it means no.
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let layer = fmt::layer().with_ansi(colours).with_writer(stderr);
    let done = match config.format {
        LogFormat::Text => layers.with(layer).try_init(),
        LogFormat::Json => layers.with(layer.json()).try_init(),
    };
    done.map_err(|error| CliFault::Other(error.to_string()))
}
