//! `guildhall doctor`

mod audit;
mod database;
mod events;
mod keys;
mod machine;

use std::{path::PathBuf, time::Duration};

use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{config::Config, db::Db};
use serde::Serialize;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{CliFault, Place};
use crate::app::{Sharing, database as reach};

/// How long the database has to take a connection.
const PATIENCE: Duration = Duration::from_secs(5);

/// What to look at.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also read the whole audit log and check its chains
    #[arg(long)]
    audit: bool,
    /// A checkpoint, saved from GET /api/v1/audit/checkpoint, to hold the audit log against
    #[arg(long, value_name = "FILE", requires = "audit")]
    checkpoint: Option<PathBuf>,
    /// Print a JSON array instead of lines
    #[arg(long)]
    json: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Level {
    Ok,
    Warn,
    Fail,
}

/// One thing looked at.
#[derive(Debug, Serialize)]
struct Finding {
    level: Level,
    name: &'static str,
    text: String,
}

/// What was found so far; printed as it comes unless the whole is wanted as JSON.
#[derive(Debug)]
struct Findings {
    found: Vec<Finding>,
    quiet: bool,
}

impl Findings {
    fn note(&mut self, level: Level, name: &'static str, text: impl Into<String>) {
        let finding = Finding {
            level,
            name,
            text: text.into(),
        };
        if !self.quiet {
            let word = match level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            println!("{word} {name}: {}", finding.text);
        }
        self.found.push(finding);
    }

    fn ok(&mut self, name: &'static str, text: impl Into<String>) {
        self.note(Level::Ok, name, text);
    }

    fn warn(&mut self, name: &'static str, text: impl Into<String>) {
        self.note(Level::Warn, name, text);
    }

    fn fail(&mut self, name: &'static str, text: impl Into<String>) {
        self.note(Level::Fail, name, text);
    }
}

pub(super) async fn run(place: &Place, args: Args) -> Result<(), CliFault> {
    let mut findings = Findings {
        found: Vec::new(),
        quiet: args.json,
    };
    match place.settings() {
        Ok(config) => {
            machine::settings(&mut findings, &config);
            examine(&mut findings, place, &config, &args).await;
        }
        Err(fault) => findings.fail("settings", fault.to_string()),
    }
    if args.json {
        println!(
            "{}",
            serde_json::to_string_pretty(&findings.found).map_err(std::io::Error::from)?
        );
    }
    match findings.found.iter().any(|finding| finding.level == Level::Fail) {
        true => Err(CliFault::Told),
        false => Ok(()),
    }
}

async fn examine(findings: &mut Findings, place: &Place, config: &Config, args: &Args) {
    machine::redis(findings, config).await;
    // The server makes what is missing, and in its own way.
    if place.data.exists() {
        machine::data_folder(findings, config, &place.data);
        machine::storage(findings, config, &place.data);
        machine::mail(findings, config, &place.data).await;
    } else {
        let folder = place.data.display();
        findings.warn(
            "data folder",
            format!("{folder} is not there yet: the server makes it on its first start"),
        );
    }
    if config.database.url.is_none() && place.data.join("postgres").symlink_metadata().is_err() {
        findings.warn(
            "database",
            "there is none yet: the server makes a private one on its first start",
        );
        return;
    }
    let (options, cluster, _lock) = match reach(config, &place.data, Sharing::Beside).await {
        Ok(reached) => reached,
        Err(fault) => return findings.fail("database", fault.to_string()),
    };
    match connect(config, options).await {
        Ok(db) => {
            with_database(findings, place, config, args, &db).await;
            db.pool().close().await;
        }
        Err(error) => findings.fail("database", format!("can't be reached: {error}; check database.url")),
    }
    if let Some(cluster) = cluster
        && let Err(fault) = cluster.stop().await
    {
        findings.warn("database", format!("the private cluster doesn't stop: {fault}"));
    }
}

/// One connection first: a pool would only say that it took too long.
async fn connect(config: &Config, options: PgConnectOptions) -> Result<Db, String> {
    let one = tokio::time::timeout(PATIENCE, PgConnection::connect_with(&options)).await;
    let one = one
        .map_err(|_| format!("no answer within {} s", PATIENCE.as_secs()))?
        .map_err(|error| error.to_string())?;
    one.close().await.map_err(|error| error.to_string())?;
    let db = Db::connect(options, &config.database, Clock::system(), Entropy::system()).await;
    db.map_err(|error| error.to_string())
}

async fn with_database(findings: &mut Findings, place: &Place, config: &Config, args: &Args, db: &Db) {
    if !database::check(findings, config, db).await {
        return;
    }
    keys::check(findings, config, &place.data, db).await;
    events::check(findings, db).await;
    if args.audit {
        audit::check(findings, db, args.checkpoint.as_deref()).await;
    }
}
