//! `guildhall rates`

use std::path::PathBuf;

use guildhall_sell::pipeline::{ImportFault, import_shared};

use super::{CliFault, Place, say};

/// What to import.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A file in the shape of the European Central Bank's eurofxref-hist.csv
    file: PathBuf,
}

pub(super) async fn run(place: &Place, args: Args) -> Result<(), CliFault> {
    let bytes = std::fs::read(&args.file)?;
    let connected = place.connect().await?;
    let imported = import_shared(&connected.app.db, &bytes).await;
    connected.close().await?;
    let imported = imported.map_err(|fault| match fault {
        ImportFault::Database(problem) => CliFault::Refused(problem),
        fault @ ImportFault::File(_) => CliFault::Other(fault.to_string()),
    })?;
    say(format_args!(
        "{} exchange rates from {} to {} hold for every vendor without its own",
        imported.rates, imported.from, imported.to
    ))
}
