//! `guildhall doctor`

mod audit;
mod database;
mod events;
mod keys;
mod ledger;
mod machine;
mod timers;

use std::path::PathBuf;

use guildhall_kernel::{Clock, Entropy};
use guildhall_spine::{config::Config, db::Db};
use serde::Serialize;

use super::{CliFault, Place, say};
use crate::app::{Sharing, StartFault, database as reach, whereabouts};

/// What to look at.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also read the whole audit log and check its chains
    #[arg(long)]
    audit: bool,
    /// Also prove the incentive ledger and the payouts
    #[arg(long)]
    ledger: bool,
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
            // The exit code still tells, when nobody reads on.
            let _ = say(format_args!("{word} {name}: {}", finding.text));
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
    match place.settings(None) {
        Ok(config) => {
            machine::settings(&mut findings, &config);
            examine(&mut findings, place, &config, &args).await;
        }
        Err(fault) => findings.fail("settings", fault.to_string()),
    }
    if args.json {
        let _ = say(serde_json::to_string_pretty(&findings.found).map_err(std::io::Error::from)?);
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
        machine::storage(findings, config, &place.data).await;
        machine::mail(findings, config, &place.data).await;
    } else {
        let folder = place.data.display();
        findings.warn(
            "data folder",
            format!("{folder} is not there yet: the server makes it on its first start"),
        );
    }
    if config.database.url.is_none() && !place.has_cluster() {
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
    let place_of = whereabouts(&options);
    match Db::connect(options, &config.database, Clock::system(), Entropy::system()).await {
        Ok(db) => {
            with_database(findings, place, config, args, &db).await;
            db.pool().close().await;
        }
        Err(source) => findings.fail(
            "database",
            StartFault::Unreachable {
                place: place_of,
                source,
            }
            .to_string(),
        ),
    }
    if let Some(cluster) = cluster
        && let Err(fault) = cluster.stop().await
    {
        findings.warn("database", format!("the private cluster doesn't stop: {fault}"));
    }
}

async fn with_database(findings: &mut Findings, place: &Place, config: &Config, args: &Args, db: &Db) {
    if !database::check(findings, config, db).await {
        return;
    }
    keys::check(findings, config, &place.data, db).await;
    events::check(findings, db).await;
    timers::check(findings, db).await;
    if args.ledger {
        ledger::check(findings, db).await;
    }
    if args.audit {
        audit::check(findings, db, args.checkpoint.as_deref()).await;
    }
}
