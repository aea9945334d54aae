//! `guildhall consumer`

use guildhall_spine::{
    App,
    event::{Position, dead_letters, forgive, replay, statuses},
};

use super::{CliFault, Place, say};
use crate::app::consumers;

/// What to do with consumers.
#[derive(Debug, clap::Subcommand)]
pub(super) enum ConsumerCommand {
    /// Show where each stands
    List,
    /// Set one back, so that it takes events again
    Replay {
        /// The consumer
        name: String,
        /// The position after which it begins, like 7102-4519, or `start` for all that is kept
        #[arg(long, value_name = "POSITION", value_parser = position)]
        from: Position,
    },
    /// Show the events that one put aside
    DeadLetters {
        /// The consumer
        name: String,
    },
    /// Hand one the events that it put aside once more
    Retry {
        /// The consumer
        name: String,
    },
}

fn position(text: &str) -> Result<Position, String> {
    if text == "start" {
        Ok(Position::START)
    } else {
        text.parse().map_err(|fault| format!("{fault}, or start"))
    }
}

pub(super) async fn run(place: &Place, command: ConsumerCommand) -> Result<(), CliFault> {
    let connected = place.connect().await?;
    let done = match command {
        ConsumerCommand::List => list(&connected.app).await,
        ConsumerCommand::Replay { name, from } => set_back(&connected.app, &name, from).await,
        ConsumerCommand::DeadLetters { name } => show_letters(&connected.app, &name).await,
        ConsumerCommand::Retry { name } => retry(&connected.app, &name).await,
    };
    connected.close().await?;
    done
}

async fn list(app: &App) -> Result<(), CliFault> {
    let all = statuses(&mut *app.db.pool().acquire().await?).await?;
    if all.is_empty() {
        return say("there are none: they begin when the server starts");
    }
    say(format_args!(
        "{:<16} {:>24} {:>8} {:>12} {:>9}  last error",
        "name", "position", "behind", "dead letters", "failures"
    ))?;
    for one in all {
        let (position, error) = (one.position.to_string(), one.last_error.unwrap_or_default());
        say(format_args!(
            "{:<16} {position:>24} {:>8} {:>12} {:>9}  {error}",
            one.name, one.behind, one.dead_letters, one.failures
        ))?;
    }
    Ok(())
}

fn unknown(name: &str) -> CliFault {
    CliFault::Other(format!("there is no consumer {name:?}: see `guildhall consumer list`"))
}

/// Fails unless `name` is a consumer that has ever run.
async fn exists(app: &App, name: &str) -> Result<(), CliFault> {
    let all = statuses(&mut *app.db.pool().acquire().await?).await?;
    if all.iter().any(|one| one.name == name) {
        Ok(())
    } else {
        Err(unknown(name))
    }
}

async fn set_back(app: &App, name: &str, from: Position) -> Result<(), CliFault> {
    let mut tx = app.db.begin().await?;
    if !replay(&mut tx, name, from)
        .await
        .map_err(|fault| CliFault::Other(fault.to_string()))?
    {
        return Err(unknown(name));
    }
    tx.commit().await?;
    say(format_args!(
        "{name} takes everything after {from} again, as soon as a server runs"
    ))
}

async fn show_letters(app: &App, name: &str) -> Result<(), CliFault> {
    exists(app, name).await?;
    let letters = dead_letters(&mut *app.db.pool().acquire().await?, name).await?;
    for letter in &letters {
        say(format_args!(
            "{} {} {} {}",
            letter.position, letter.event_id, letter.failed_at, letter.error
        ))?;
    }
    say(format_args!("{} events were put aside", letters.len()))
}

async fn retry(app: &App, name: &str) -> Result<(), CliFault> {
    let consumer = consumers()
        .into_iter()
        .find(|one| one.name() == name)
        .ok_or_else(|| unknown(name))?;
    let before = dead_letters(&mut *app.db.pool().acquire().await?, name).await?.len();
    let taken = forgive(&app.db, &*consumer).await?;
    say(format_args!("{name} took {taken} of {before}"))?;
    if taken == before {
        return Ok(());
    }
    Err(CliFault::Other(format!(
        "the rest failed again or left the log: see `guildhall consumer dead-letters {name}`"
    )))
}
